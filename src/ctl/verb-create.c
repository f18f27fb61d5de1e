/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "assignment.h"
#include "bus.h"
#include "ctl.h"
#include "job-wait.h"
#include "name.h"
#include "strv.h"

typedef struct Request {
        const char *name;
        const char *source; /* template or image */
        char **settings;
} Request;

static void request_clear(Request *q) {
        strv_free(q->settings);
}

static int make_message(Ctl *ctl, const Request *q, sd_bus_message **ret, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = bus_method(ctl, BUS_ROOT, BUS_MANAGER, "CreateContainer", &m, error);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", q->name, q->source);
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

static int run_create(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(request_clear) Request q = {};
        bool then_start = false;
        const char *value;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                if (code == 's') {
                        r = assignment_check("--setting=", value, error);
                        if (r >= 0 && (r = strv_extend(&q.settings, value)) < 0)
                                return error_set_errno(error, r, "Cannot pass the settings on");
                        if (r < 0)
                                return r;
                } else
                        then_start = true;
        if (code < 0)
                return code;
        r = options_check_rest(o, 2, 2, options_rest(o)[0] ? "the template or image" : "the name of the new container", error);
        if (r < 0)
                return r;
        if (then_start && ctl->no_wait)
                return error_set(error, EINVAL, "Usage", "--start needs to wait, and --no-wait does not");
        q.name = options_rest(o)[0];
        q.source = options_rest(o)[1];
        r = name_check(q.name, error);
        if (r >= 0)
                r = create(ctl, &q, error);
        return r == EXIT_SUCCESS && then_start ? start(ctl, q.name, error) : r;
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
