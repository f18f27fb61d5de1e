/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A container for once: made, started, worked in and removed. That it goes is not left to
 * us: ctrd removes it when the connection goes on which it was asked for, however we end.
 */

#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "assignment.h"
#include "bus.h"
#include "console.h"
#include "ctl.h"
#include "exec.h"
#include "job-wait.h"
#include "name.h"
#include "object.h"
#include "remote.h"
#include "strv.h"
#include "terminal.h"

/* Of a name that is made: so much of the template's, and so many letters. */
#define STEM_MAX 48
#define LETTERS 5
#define TRIES 8

typedef struct Run {
        Ctl *ctl;
        Ctl bond; /* its bus is what the container is tied to: it has no matches, so that nothing fills it */
        const char *source;
        const char *given; /* its name, or NULL */
        char name[NAME_MAX_LENGTH + 1];
        uint64_t created;
        char **settings;
        char *const *command; /* empty: its console */
        bool keep, detach;
} Run;

static void run_clear(Run *q) {
        ctl_bus_close(&q->bond);
        strv_free(q->settings);
}

static int read_options(Options *o, Run *q, Error *error) {
        const char *value;
        int code, r = 0;

        options_stop_at_word(o);
        do {
                while ((code = options_next(o, &value, error)) > 0) {
                        switch (code) {
                        case 's':
                                r = assignment_check("--setting=", value, error);
                                if (r >= 0 && startswith(value, "Ephemeral="))
                                        r = error_set(error, EINVAL, "Usage", "Ephemeral= is for --keep to say: with it the container stays");
                                if (r >= 0 && strv_extend(&q->settings, value) < 0)
                                        r = error_set_errno(error, ENOMEM, "Cannot pass the settings on");
                                break;
                        case 'n':
                                q->given = value;
                                r = name_check(value, error);
                                break;
                        case 'k':
                                q->keep = true;
                                break;
                        case 'd':
                                q->detach = true;
                                break;
                        }
                        if (r < 0)
                                return r;
                }
                if (code < 0)
                        return code;
        } while (!q->source && (q->source = options_take_word(o)));
        q->command = options_rest(o);
        return 0;
}

static int check(const Run *q, Error *error) {
        if (!q->source)
                return error_set(error, EINVAL, "Usage", "the template or image is missing");
        if (q->ctl->no_wait)
                return error_set(error, EINVAL, "Usage", "run needs to wait, and --no-wait does not: use --detach");
        if (q->detach && q->command[0])
                return error_set(error, EINVAL, "Usage", "--detach leaves nobody to see the command: use exec behind it");
        return 0;
}

/* "debian/bookworm" is debian-x5k2q: short, and what it is. */
static int make_name(Run *q, Error *error) {
        static const char letters[] = "abcdefghjkmnpqrstuvwxyz023456789"; /* 32, none like another */
        char stem[STEM_MAX + 1], random[LETTERS];
        size_t n = 0;

        for (const char *p = q->source; *p && *p != '/' && n < STEM_MAX; p++)
                if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9'))
                        stem[n++] = *p;
                else if (n > 0 && stem[n - 1] != '-')
                        stem[n++] = '-';
        while (n > 0 && stem[n - 1] == '-')
                n--;
        if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
                return error_set_errno(error, errno, "Cannot make a name");
        for (size_t i = 0; i < LETTERS; i++)
                random[i] = letters[(unsigned char) random[i] % (sizeof(letters) - 1)];
        snprintf(q->name, sizeof(q->name), "%.*s-%.*s", n > 0 ? (int) n : 3, n > 0 ? stem : "ctr", LETTERS, random);
        return 0;
}

static bool is_tied(const Run *q) {
        return !q->keep && !q->detach;
}

static int call_create(Run *q, char **ret_job, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *job;
        int r = bus_method(&q->bond, BUS_ROOT, BUS_MANAGER, "CreateContainer", &m, error);

        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", q->name, q->source);
        if (r >= 0)
                r = assignments_append(m, q->settings);
        if (r >= 0)
                r = is_tied(q) ? sd_bus_message_append(m, "a{sv}", 1, "RemoveWithClient", "b", 1) : sd_bus_message_append(m, "a{sv}", 0);
        if (r < 0)
                return bus_message_error(error, r);
        r = bus_call(&q->bond, m, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &job);
        if (r >= 0 && !(*ret_job = strdup(job)))
                r = -ENOMEM;
        return r < 0 ? bus_message_error(error, r) : 0;
}

static int create(Run *q, Error *error) {
        for (unsigned i = 1;; i++) {
                _cleanup_(job_wait_freep) JobWait *w = NULL;
                _cleanup_free_ char *job = NULL;
                int r = 0;

                if (q->given)
                        snprintf(q->name, sizeof(q->name), "%s", q->given);
                else
                        r = make_name(q, error);
                if (r >= 0)
                        r = call_create(q, &job, error);
                if (r >= 0)
                        r = job_wait_new(&w, q->ctl, is_tied(q) ? JOB_INTERRUPT_END : JOB_INTERRUPT_CANCEL, error);
                if (r >= 0)
                        r = job_wait_for(w, job, q->name, error);
                if (r >= 0)
                        r = job_wait_run(w, error);
                if (r >= 0 || q->given || i >= TRIES || !error_has_name(error, "Exists"))
                        return r;
                error_clear(error);
        }
}

static int read_created(Run *q, uint64_t *ret, Error *error) {
        _cleanup_(object_clear) Object o = {};
        _cleanup_free_ char *path = NULL;
        int r = bus_container_path(q->name, &path, error);

        if (r >= 0)
                r = object_read(q->ctl, path, BUS_CONTAINER, &o, error);
        if (r >= 0)
                *ret = object_number(&o, "CreatedAt");
        return r;
}

static int call_container(Run *q, const char *method, bool force, JobInterrupt interrupt, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(job_wait_freep) JobWait *w = NULL;
        _cleanup_free_ char *path = NULL;
        int r = bus_container_path(q->name, &path, error);

        if (r >= 0)
                r = job_wait_new(&w, q->ctl, interrupt, error);
        if (r >= 0)
                r = bus_method(q->ctl, path, BUS_CONTAINER, method, &m, error);
        if (r >= 0 && force && (r = sd_bus_message_append(m, "b", 1)) < 0)
                return bus_message_error(error, r);
        if (r >= 0)
                r = job_wait_call(w, m, q->name, error);
        return r < 0 ? r : job_wait_run(w, error);
}

/* Whether it is to go still: somebody may have set Ephemeral= to no. */
static int is_ephemeral(Run *q, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *key, *value;
        _cleanup_free_ char *path = NULL;
        int found = 0, r = bus_container_path(q->name, &path, error);

        if (r >= 0)
                r = bus_method(q->ctl, path, BUS_CONTAINER, "GetSettings", &m, error);
        if (r >= 0)
                r = bus_call(q->ctl, m, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(ssss)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(ssss)", NULL, &key, &value, NULL)) > 0)
                if (streq(key, "Ephemeral"))
                        found = streq(value, "yes");
        return r < 0 ? bus_message_error(error, r) : found;
}

/* What has its name may be another by now, or be somebody's who wants it: that stays. */
static void remove_it(Run *q) {
        _cleanup_error_ Error error = ERROR_INIT;
        uint64_t created;
        int r = read_created(q, &created, &error);

        if (r >= 0 && (q->created == 0 || created == q->created))
                r = is_ephemeral(q, &error);
        else if (r >= 0)
                return;
        if (r > 0)
                r = call_container(q, "Remove", true, JOB_INTERRUPT_DETACH, &error);
        if (r < 0 && !error_has_name(&error, "NoSuchContainer"))
                fprintf(stderr, "ctrctl: %s is not removed yet: %s\n", q->name, error_message(&error));
}

/* From here on a signal that nobody waits for ends us, as it would before. */
static void release_signals(void) {
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGHUP);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int work(Run *q, Error *error) {
        _cleanup_strv_ char **environment = NULL;
        ExecRequest exec = { .container = q->name, .command = q->command, .terminal = terminal_is_interactive() };
        ConsoleRequest console = {
                .name = q->name,
                .keys = q->keep ? "detach" : "end it",
                .detached = q->keep ? "detached; it runs on" : "left: the container is removed",
        };
        int r;

        release_signals();
        if (q->command[0]) {
                r = exec.terminal ? exec_add_term(&environment, error) : 0;
                exec.environment = environment;
                return r < 0 ? r : exec_run(q->ctl, &exec, error);
        }
        r = console_run(q->ctl, &console, error);
        /* It was quicker than we are. */
        if (r < 0 && (error_has_name(error, "NotRunning") || error_has_name(error, "NoSuchContainer"))) {
                error_clear(error);
                return EXIT_SUCCESS;
        }
        return r;
}

static int run(Run *q, Error *error) {
        _cleanup_error_ Error ignored = ERROR_INIT;
        int r;

        if (!q->keep && strv_extend(&q->settings, "Ephemeral=yes") < 0)
                return -ENOMEM;
        r = create(q, error);
        if (r != EXIT_SUCCESS)
                return r;
        (void) read_created(q, &q->created, &ignored);
        r = call_container(q, "Start", false, q->keep ? JOB_INTERRUPT_CANCEL : JOB_INTERRUPT_END, error);
        if (r == EXIT_SUCCESS && q->detach) {
                printf("%s\n", q->name);
                return EXIT_SUCCESS;
        }
        if (r == EXIT_SUCCESS)
                r = work(q, error);
        if (!q->keep)
                remove_it(q);
        return r;
}

static int run_run(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(run_clear) Run q = { .ctl = ctl };
        int r = read_options(o, &q, error);

        if (r >= 0)
                r = check(&q, error);
        if (r < 0)
                return r;
        if (ctl->host)
                return remote_run(ctl, terminal_is_interactive(), error);
        return run(&q, error);
}

static const Option options[] = {
        { "setting", 's', "KEY=VALUE", "A setting of ctr.conf(5), such as MemoryMax=1G; may be repeated" },
        { "name",    'n', "NEW-NAME",  "Its name; else one is made from that of the template"            },
        { "keep",    'k', NULL,        "It stays, and runs on"                                           },
        { "detach",  'd', NULL,        "Print its name and leave; it is removed when it ends"            },
        {}
};

const Verb verb_run = {
        .name = "run",
        .usage = "TEMPLATE [OPTIONS] [--] [COMMAND…]",
        .summary = "Make a container, start it, work in it and remove it",
        .details = "With COMMAND that runs in it when it is ready; its exit status is the command's, as\n"
                   "of exec. Else its console is shown, until it ends or Ctrl-] is pressed three times\n"
                   "within a second. Then it is killed and removed, and so it is when ctrctl ends in\n"
                   "whatever way before. The exit status is 125 where ctrctl failed.",
        .options = options,
        .status_failed = STATUS_EXEC_FAILED,
        .run = run_run,
};
