/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Settings, while a container runs or not. */

#include <stdio.h>

#include "assignment.h"
#include "bus.h"
#include "ctl.h"
#include "strv.h"

static int set(Ctl *ctl, const char *name, char *const *assignments, bool runtime, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_strv_ char **pending = NULL;
        _cleanup_free_ char *path = NULL, *text = NULL;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = bus_method(ctl, path, BUS_CONTAINER, "SetSettings", &m, error);
        if (r < 0)
                return r;
        r = assignments_append(m, assignments);
        if (r >= 0)
                r = sd_bus_message_append(m, "b", (int) runtime);
        if (r < 0)
                return bus_message_error(error, r);
        r = bus_call(ctl, m, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read_strv(reply, &pending);
        if (r < 0)
                return bus_message_error(error, r);
        text = pending ? strv_join(pending, "=, ") : NULL;
        if (text && !ctl->quiet)
                fprintf(stderr, "%s= will have its effect when %s is started again.\n", text, name);
        return 0;
}

static int run_set(Ctl *ctl, Options *o, Error *error) {
        bool runtime = false;
        const char *value;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                runtime = true;
        if (code < 0)
                return code;
        r = options_check_rest(o, 2, SIZE_MAX, "the name of a container, and settings as KEY=VALUE", error);
        if (r < 0)
                return r;
        STRV_FOREACH(a, options_rest(o) + 1)
                if ((r = assignment_check("", *a, error)) < 0)
                        return r;
        return set(ctl, options_rest(o)[0], options_rest(o) + 1, runtime, error);
}

static const Option set_options[] = {
        { "runtime", 0x100, NULL, "Until the host is booted again" },
        {}
};

const Verb verb_set = {
        .name = "set",
        .usage = "NAME KEY=VALUE…",
        .summary = "Change settings of a container",
        .details = "All are checked before any is changed. Limits and the description of a container that\n"
                   "runs change at once, what else there is when it is started again. KEY= alone goes\n"
                   "back to the default; several of a list are its values. See ctr.conf(5).",
        .options = set_options,
        .run = run_set,
};
