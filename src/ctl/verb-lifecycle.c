/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <stdio.h>

#include "bus.h"
#include "ctl.h"
#include "job-wait.h"
#include "needed.h"
#include "parse.h"

/* What a method of a container is called with. */
typedef struct Call {
        const char *method;
        int (*append)(sd_bus_message *m, const struct Call *call);
        uint64_t timeout_usec;
        bool force;
        const char *whom;
        int signal;
} Call;

static int append_timeout(sd_bus_message *m, const Call *call) {
        return sd_bus_message_append(m, "t", call->timeout_usec);
}

static int append_force(sd_bus_message *m, const Call *call) {
        return sd_bus_message_append(m, "b", (int) call->force);
}

static int append_kill(sd_bus_message *m, const Call *call) {
        return sd_bus_message_append(m, "si", call->whom, (int32_t) call->signal);
}

static int make_call(Ctl *ctl, const char *name, const Call *call, sd_bus_message **ret, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = bus_container_path(name, &path, error);
        if (r >= 0)
                r = bus_method(ctl, path, BUS_CONTAINER, call->method, &m, error);
        if (r < 0)
                return r;
        r = call->append ? call->append(m, call) : 0;
        if (r < 0)
                return bus_message_error(error, r);
        *ret = TAKE_PTR(m);
        return 0;
}

static int begin(Ctl *ctl, JobWait *w, const char *name, const Call *call, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = make_call(ctl, name, call, &m, error);

        return r < 0 ? r : job_wait_call(w, m, name, error);
}

/* All at once; a name that is wrong does not stop the others. */
static int run_jobs(Ctl *ctl, Options *o, const Call *call, Error *error) {
        _cleanup_(job_wait_freep) JobWait *w = NULL;
        int r;

        r = options_check_rest(o, 1, SIZE_MAX, "the name of a container", error);
        if (r >= 0)
                r = job_wait_new(&w, ctl, JOB_INTERRUPT_DETACH, error);
        if (r < 0)
                return r;
        for (char **name = options_rest(o); *name; name++) {
                _cleanup_error_ Error failure = ERROR_INIT;

                if (begin(ctl, w, *name, call, &failure) < 0)
                        job_wait_failed(w, *name, &failure);
        }
        return job_wait_run(w, error);
}

/* One after the other. */
static int run_needed(Ctl *ctl, Options *o, Error *error) {
        int r, status = EXIT_SUCCESS;
        char **names = options_rest(o);

        r = options_check_rest(o, 1, SIZE_MAX, "the name of a container", error);
        if (r < 0)
                return r;
        if (!names[1])
                return needed_start(ctl, names[0], error);
        for (; *names; names++) {
                _cleanup_error_ Error failure = ERROR_INIT;

                r = needed_start(ctl, *names, &failure);
                if (r < 0)
                        fprintf(stderr, "ctrctl: %s: %s\n", *names, error_message(&failure));
                if (r != EXIT_SUCCESS)
                        status = r < 0 ? STATUS_FAILURE : r;
        }
        return status;
}

static int run_start(Ctl *ctl, Options *o, Error *error) {
        bool needed = false;
        const char *value;
        int code;

        while ((code = options_next(o, &value, error)) > 0)
                needed = true;
        if (code < 0)
                return code;
        return needed ? run_needed(ctl, o, error) : run_jobs(ctl, o, &(Call){ .method = "Start" }, error);
}

static int run_restart(Ctl *ctl, Options *o, Error *error) {
        Call call = { .method = "Restart" };
        const char *value;
        int code;

        while ((code = options_next(o, &value, error)) > 0)
                call.method = "SoftReboot";
        return code < 0 ? code : run_jobs(ctl, o, &call, error);
}

static int run_stop(Ctl *ctl, Options *o, Error *error) {
        Call call = { .method = "Stop", .append = append_timeout };
        const char *value;
        int code;

        while ((code = options_next(o, &value, error)) > 0)
                if (parse_usec(value, &call.timeout_usec) < 0 || call.timeout_usec == 0)
                        return error_set(error, EINVAL, "Usage", "--timeout=%.100s is not valid: give a time, such as 30s, or infinity", value);
        return code < 0 ? code : run_jobs(ctl, o, &call, error);
}

static int run_remove(Ctl *ctl, Options *o, Error *error) {
        Call call = { .method = "Remove", .append = append_force };
        const char *value;
        int code;

        while ((code = options_next(o, &value, error)) > 0)
                call.force = true;
        return code < 0 ? code : run_jobs(ctl, o, &call, error);
}

static int call_one(Ctl *ctl, const char *name, const Call *call, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = make_call(ctl, name, call, &m, error);

        return r < 0 ? r : bus_call(ctl, m, NULL, error);
}

/* What is no job: one after the other, and a name that is wrong does not stop the
 * others. */
static int run_calls(Ctl *ctl, Options *o, const Call *call, Error *error) {
        int r, status = EXIT_SUCCESS;
        char **names;

        r = options_check_rest(o, 1, SIZE_MAX, "the name of a container", error);
        if (r < 0)
                return r;

        names = options_rest(o);
        if (!names[1])
                return call_one(ctl, names[0], call, error);
        for (; *names; names++) {
                _cleanup_error_ Error failure = ERROR_INIT;

                if (call_one(ctl, *names, call, &failure) < 0) {
                        fprintf(stderr, "ctrctl: %s: %s\n", *names, error_message(&failure));
                        status = STATUS_FAILURE;
                }
        }
        return status;
}

static int run_freeze(Ctl *ctl, Options *o, Error *error) {
        int r = options_finish(o, error);

        return r < 0 ? r : run_calls(ctl, o, &(Call){ .method = "Freeze" }, error);
}

static int run_thaw(Ctl *ctl, Options *o, Error *error) {
        int r = options_finish(o, error);

        return r < 0 ? r : run_calls(ctl, o, &(Call){ .method = "Thaw" }, error);
}

static int run_kill(Ctl *ctl, Options *o, Error *error) {
        Call call = { .method = "Kill", .append = append_kill, .whom = "init", .signal = SIGKILL };
        const char *value;
        int code;

        while ((code = options_next(o, &value, error)) > 0)
                if (code == 'S') {
                        if (parse_signal(value, &call.signal) < 0)
                                return error_set(error, EINVAL, "Usage", "--signal=%.100s is not valid: name a signal, such as SIGTERM", value);
                } else if (streq(value, "init") || streq(value, "all"))
                        call.whom = value;
                else
                        return error_set(error, EINVAL, "Usage", "--whom=%.100s is not valid: say init or all", value);
        return code < 0 ? code : run_calls(ctl, o, &call, error);
}

static const Option start_options[] = {
        { "needed", 0x100, NULL, "One that is up is no error; one that comes up is waited for" },
        {}
};

static const Option restart_options[] = {
        { "soft", 0x100, NULL, "Let init end all services and begin anew, in the same run: systemd 254 and later" },
        {}
};

static const Option stop_options[] = {
        { "timeout", 't', "TIME", "Kill after this time, instead of StopTimeoutSec= of the container" },
        {}
};

static const Option remove_options[] = {
        { "force", 'f', NULL, "Kill it first where it runs" },
        {}
};

static const Option kill_options[] = {
        { "signal", 'S', "SIGNAL", "The signal, by name or number (SIGKILL)"                    },
        { "whom",   0x100, "WHOM", "init, or all processes of the container (init)", "init all" },
        {}
};

const Verb verb_start = {
        .name = "start",
        .usage = "NAME…",
        .states = "stopped failed",
        .summary = "Start containers, and wait until they are ready",
        .details = "Ready means that init says so, where it does; else that it runs. Ctrl-C stops\n"
                   "waiting; the start goes on.",
        .options = start_options,
        .run = run_start,
};

const Verb verb_stop = {
        .name = "stop",
        .usage = "NAME…",
        .states = "starting running frozen stopping rebooting",
        .summary = "Ask containers to power off, and wait for their end",
        .details = "A container that has not ended after its StopTimeoutSec= is killed. Ctrl-C stops\n"
                   "waiting; the stop goes on.",
        .options = stop_options,
        .run = run_stop,
};

const Verb verb_restart = {
        .name = "restart",
        .usage = "NAME…",
        .summary = "Stop containers, and start them again",
        .options = restart_options,
        .run = run_restart,
};

const Verb verb_remove = {
        .name = "remove",
        .usage = "NAME…",
        .summary = "Remove containers with their settings and all their files",
        .details = "The images that they were made from stay. A container that runs is refused.",
        .options = remove_options,
        .run = run_remove,
};

const Verb verb_kill = {
        .name = "kill",
        .usage = "NAME…",
        .states = "starting running frozen stopping rebooting",
        .summary = "Send a signal to containers",
        .details = "Nothing is waited for. To power a container off use stop.",
        .options = kill_options,
        .run = run_kill,
};

const Verb verb_freeze = {
        .name = "freeze",
        .usage = "NAME…",
        .states = "running",
        .summary = "Let containers stand still, with all they have in memory",
        .details = "Until \"thaw\". No command can be run in them meanwhile; a stop thaws them first.",
        .run = run_freeze,
};

const Verb verb_thaw = {
        .name = "thaw",
        .usage = "NAME…",
        .states = "frozen",
        .summary = "Let frozen containers go on",
        .run = run_thaw,
};
