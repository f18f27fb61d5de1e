/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus.h"
#include "ctl.h"

static int run_rename(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        char **names;
        int r;

        r = options_finish(o, error);
        if (r < 0)
                return r;
        names = options_rest(o);
        r = options_check_rest(o, 2, 2, names[0] ? "the new name" : "the name of a container", error);
        if (r >= 0)
                r = bus_container_path(names[0], &path, error);
        if (r >= 0)
                r = bus_method(ctl, path, BUS_CONTAINER, "Rename", &m, error);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", names[1]);
        return r < 0 ? bus_message_error(error, r) : bus_call(ctl, m, NULL, error);
}

const Verb verb_rename = {
        .name = "rename",
        .usage = "NAME NEW-NAME",
        .words = "NAME NEW",
        .states = "stopped failed",
        .summary = "Give a container another name",
        .details = "It keeps its files, settings, machine id, ids and address. One that runs is refused,\n"
                   "and one that After=, Requires= or Wants= of another name.",
        .run = run_rename,
};
