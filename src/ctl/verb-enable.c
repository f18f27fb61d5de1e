/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is started when the host is booted. */

#include <stdio.h>

#include "assignment.h"
#include "bus.h"
#include "ctl.h"
#include "needed.h"
#include "strv.h"

typedef int (*Now)(Ctl *ctl, const char *name, Error *error);

static int change(Ctl *ctl, const char *name, char *assignment, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = bus_method(ctl, path, BUS_CONTAINER, "SetSettings", &m, error);
        if (r < 0)
                return r;
        r = assignments_append(m, (char *[]){ assignment, NULL });
        if (r >= 0)
                r = sd_bus_message_append(m, "b", 0);
        return r < 0 ? bus_message_error(error, r) : bus_call(ctl, m, NULL, error);
}

/* One after the other; a name that is wrong does not stop the others. now: what is done
 * with those that changed, with --now. */
static int run(Ctl *ctl, Options *o, const char *setting, Now now, Error *error) {
        _cleanup_free_ char *assignment = strdup(setting);
        int code, r, status = EXIT_SUCCESS;
        bool is_now = false;
        const char *value;
        char **names;

        while ((code = options_next(o, &value, error)) > 0)
                is_now = true;
        if (code < 0)
                return code;
        r = options_check_rest(o, 1, SIZE_MAX, "the name of a container", error);
        if (r < 0)
                return r;
        if (!assignment)
                return error_set_errno(error, ENOMEM, "Cannot pass the setting on");
        if (is_now && ctl->no_wait)
                return error_set(error, EINVAL, "Usage", "--now needs to wait, and --no-wait does not");
        names = options_rest(o);
        STRV_FOREACH(name, names) {
                _cleanup_error_ Error failure = ERROR_INIT;

                r = change(ctl, *name, assignment, &failure);
                if (r >= 0 && is_now)
                        r = now(ctl, *name, &failure);
                if (r < 0 && !names[1])
                        return error_move(error, &failure);
                if (r < 0)
                        fprintf(stderr, "ctrctl: %s: %s\n", *name, error_message(&failure));
                if (r != EXIT_SUCCESS)
                        status = r < 0 ? STATUS_FAILURE : r;
        }
        return status;
}

static int run_enable(Ctl *ctl, Options *o, Error *error) {
        return run(ctl, o, "Autostart=yes", needed_start, error);
}

static int run_disable(Ctl *ctl, Options *o, Error *error) {
        return run(ctl, o, "Autostart=no", needed_stop, error);
}

static const Option enable_options[] = {
        { "now", 0x100, NULL, "Start them now too" },
        {}
};

static const Option disable_options[] = {
        { "now", 0x100, NULL, "Stop them now too" },
        {}
};

const Verb verb_enable = {
        .name = "enable",
        .usage = "NAME…",
        .summary = "Start containers whenever the host is booted",
        .details = "This sets Autostart=yes. Without, one is started that was up when the host went\n"
                   "down: Autostart=last. See ctr.conf(5) for order and dependencies.",
        .options = enable_options,
        .run = run_enable,
};

const Verb verb_disable = {
        .name = "disable",
        .usage = "NAME…",
        .summary = "Start containers no more when the host is booted",
        .details = "This sets Autostart=no. One is started still where another requires or wants it.",
        .options = disable_options,
        .run = run_disable,
};
