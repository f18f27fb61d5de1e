/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Settings, while a container runs or not. */

#include <stdio.h>

#include "assignment.h"
#include "bus.h"
#include "ctl.h"
#include "editor.h"
#include "pending.h"
#include "strv.h"

/* Calls, and says which of the settings are a matter of the next start. */
static int change(Ctl *ctl, const char *name, sd_bus_message *m, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = bus_call(ctl, m, &reply, error);

        if (r < 0)
                return r;
        r = pending_print(ctl, name, reply);
        return r < 0 ? bus_message_error(error, r) : 0;
}

static int set(Ctl *ctl, const char *name, char *const *assignments, bool runtime, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = bus_method(ctl, path, BUS_CONTAINER, "SetSettings", &m, error);
        if (r < 0)
                return r;
        r = assignments_append(m, assignments);
        if (r >= 0)
                r = sd_bus_message_append(m, "b", (int) runtime);
        return r < 0 ? bus_message_error(error, r) : change(ctl, name, m, error);
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
        .details = "All are checked before any is changed. Limits, the description, what attach gives, profiles\n"
                   "as far as they say these, what is about Autostart= and Restart=, Protected= and Ephemeral= change at once, all else\n"
                   "when the container is started again. KEY= alone goes back to the default; several of a list are its values. See\n"
                   "ctr.conf(5).",
        .options = set_options,
        .run = run_set,
};

typedef struct Edit {
        const char *name, *path, *before;
} Edit;

static int replace(Ctl *ctl, const char *after, void *userdata, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const Edit *e = userdata;
        int r = bus_method(ctl, e->path, BUS_CONTAINER, "ReplaceSettings", &m, error);

        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", e->before, after);
        return r < 0 ? bus_message_error(error, r) : change(ctl, e->name, m, error);
}

static int edit(Ctl *ctl, const char *name, Error *error) {
        _cleanup_free_ char *path = NULL, *before = NULL;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = bus_get_text(ctl, path, BUS_CONTAINER, "GetSettingsText", &before, error);
        return r < 0 ? r : editor_run(ctl, name, before, replace, &(Edit){ name, path, before }, error);
}

static int run_edit(Ctl *ctl, Options *o, Error *error) {
        int r = options_finish(o, error);

        if (r >= 0)
                r = options_check_rest(o, 1, 1, "the name of a container", error);
        return r < 0 ? r : edit(ctl, options_rest(o)[0], error);
}

const Verb verb_edit = {
        .name = "edit",
        .usage = "NAME",
        .summary = "Edit the settings of a container",
        .details = "$VISUAL or $EDITOR is run with a copy of its NAME.conf; all of it is checked before it\n"
                   "takes the place of the file. What changes at once is as with set.",
        .run = run_edit,
};
