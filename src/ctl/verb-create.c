/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "assignment.h"
#include "bus.h"
#include "ctl.h"
#include "job-wait.h"
#include "name.h"
#include "strv.h"

/* What a new container is asked for with. */
typedef struct Request {
        const char *method;
        const char *name;     /* of the new one */
        const char *words[2]; /* the method's first two arguments */
        char **settings;
} Request;

static void request_clear(Request *q) {
        strv_free(q->settings);
}

static int make_message(Ctl *ctl, const Request *q, sd_bus_message **ret, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = bus_method(ctl, BUS_ROOT, BUS_MANAGER, q->method, &m, error);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", q->words[0], q->words[1]);
        if (r >= 0)
                r = assignments_append(m, q->settings);
        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 0);
        if (r < 0)
                return bus_message_error(error, r);
        *ret = TAKE_PTR(m);
        return 0;
}

static int wait_for(Ctl *ctl, sd_bus_message *m, const char *name, JobInterrupt interrupt, Error *error) {
        _cleanup_(job_wait_freep) JobWait *w = NULL;
        int r = job_wait_new(&w, ctl, interrupt, error);

        if (r >= 0)
                r = job_wait_call(w, m, name, error);
        return r < 0 ? r : job_wait_run(w, error);
}

static int create(Ctl *ctl, const Request *q, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = make_message(ctl, q, &m, error);

        return r < 0 ? r : wait_for(ctl, m, q->name, JOB_INTERRUPT_CANCEL, error);
}

static int start(Ctl *ctl, const char *name, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = bus_method(ctl, path, BUS_CONTAINER, "Start", &m, error);
        return r < 0 ? r : wait_for(ctl, m, name, JOB_INTERRUPT_DETACH, error);
}

static int read_options(Ctl *ctl, Options *o, Request *q, bool *ret_start, Error *error) {
        const char *value;
        int code, r = 0;

        while ((code = options_next(o, &value, error)) > 0)
                if (code == 's') {
                        r = assignment_check("--setting=", value, error);
                        if (r >= 0 && (r = strv_extend(&q->settings, value)) < 0)
                                return error_set_errno(error, r, "Cannot pass the settings on");
                        if (r < 0)
                                return r;
                } else
                        *ret_start = true;
        if (code < 0)
                return code;
        if (*ret_start && ctl->no_wait)
                return error_set(error, EINVAL, "Usage", "--start needs to wait, and --no-wait does not");
        return 0;
}

/* new_word: which of the two is the new name. */
static int run(Ctl *ctl, Options *o, const char *method, size_t new_word, const char *const missing[static 2], Error *error) {
        _cleanup_(request_clear) Request q = { .method = method };
        bool then_start = false;
        char **words;
        int r;

        r = read_options(ctl, o, &q, &then_start, error);
        if (r < 0)
                return r;
        words = options_rest(o);
        r = options_check_rest(o, 2, 2, missing[words[0] ? 1 : 0], error);
        if (r < 0)
                return r;
        q.words[0] = words[0];
        q.words[1] = words[1];
        q.name = words[new_word];
        r = name_check(q.name, error);
        if (r >= 0)
                r = create(ctl, &q, error);
        return r == EXIT_SUCCESS && then_start ? start(ctl, q.name, error) : r;
}

static int run_create(Ctl *ctl, Options *o, Error *error) {
        static const char *const missing[] = { "the name of the new container", "the template or image" };

        return run(ctl, o, "CreateContainer", 0, missing, error);
}

static int run_clone(Ctl *ctl, Options *o, Error *error) {
        static const char *const missing[] = { "the container to copy", "the name of the new container" };

        return run(ctl, o, "CloneContainer", 1, missing, error);
}

static const Option options[] = {
        { "setting", 's', "KEY=VALUE", "A setting of ctr.conf(5), such as MemoryMax=1G; may be repeated" },
        { "start",   0x100, NULL, "Start it when it is made" },
        {}
};

const Verb verb_create = {
        .name = "create",
        .usage = "NAME TEMPLATE",
        .words = "NEW TEMPLATE",
        .summary = "Make a container from a template or an image",
        .details = "TEMPLATE is TEMPLATE/VARIANT, such as debian/bookworm; see ctrctl template list.\n"
                   "What the template makes is kept as an image, from which further containers are\n"
                   "made at once. Ctrl-C cancels: nothing is left behind.",
        .options = options,
        .run = run_create,
};

static const Option clone_options[] = {
        { "setting", 's', "KEY=VALUE", "A setting that it has otherwise; may be repeated" },
        { "start",   0x100, NULL, "Start it when it is made" },
        {}
};

const Verb verb_clone = {
        .name = "clone",
        .usage = "NAME NEW-NAME",
        .words = "NAME NEW",
        .states = "stopped failed",
        .summary = "Make a container that is a copy of another",
        .details = "It has the files and settings of the other, but a machine id, ids and an address\n"
                   "of its own. One that runs is refused. Ctrl-C cancels: nothing is left behind.",
        .options = clone_options,
        .run = run_clone,
};
