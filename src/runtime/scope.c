/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <stdio.h>

#include "cgroup.h"
#include "rootless.h"
#include "scope.h"

int scope_open(Scope *s, Config *config, const Container *c, Error *error) {
        int r;

        *s = (Scope){};
        if ((r = unit_name_parse(config->cgroups_path, c->id, rootless_is_expected(ROOTLESS_AUTO), &s->name, error)) < 0 ||
            (r = unit_properties_new(config, c->id, &s->name, &s->properties, error)) < 0)
                return r;
        return unit_bus_connect(&s->bus, error);
}

void scope_close(Scope *s) {
        s->bus = unit_bus_free(s->bus);
}

bool scope_is_slice(const Scope *s) {
        return endswith(s->name.unit, ".slice");
}

/* For who finds a container whose create was cut off: systemd may keep a scope whose
 * only process ended while it was made. Where the cgroup is to be tells then whether
 * the unit is somebody else's: it has processes. (Of a user's manager that is not
 * known before.) */
static int note(const Scope *s, Container *c, Error *error) {
        char path[PATH_MAX];
        int r;

        if (rootless_is_expected(ROOTLESS_AUTO) || unit_slice_path(s->name.slice, path, sizeof(path)) < 0)
                return 0;
        if (asprintf(&c->cgroup, "%s/%s", streq(path, "/") ? "" : path, c->scope) < 0) {
                c->cgroup = NULL;
                return error_set_errno(error, ENOMEM, "scope");
        }
        r = container_note_cgroup(c);
        free(c->cgroup);
        c->cgroup = NULL;
        return r < 0 ? error_set_errno(error, r, "writing %s/cgroup", c->directory) : 0;
}

int scope_start(Scope *s, Container *c, Error *error) {
        bool is_slice = scope_is_slice(s);
        char path[PATH_MAX];
        int r;

        c->scope = strdup(s->name.unit);
        if (!c->scope)
                return error_set_errno(error, ENOMEM, "scope");
        if (!is_slice && (r = note(s, c, error)) < 0)
                return r;
        r = unit_bus_start(s->bus, c->scope, &s->properties, is_slice ? 0 : c->pid, error);
        if (r < 0) {
                if (r == -EEXIST) { /* somebody else's, which must not be stopped with our undoing */
                        free(c->scope);
                        c->scope = NULL;
                }
                return r;
        }
        /* Where systemd has put it, below whatever manager that is. */
        if (is_slice) {
                r = unit_slice_path(c->scope, path, sizeof(path));
                c->cgroup = r < 0 ? NULL : strdup(path);
        } else
                r = cgroup_of_pid(c->pid, &c->cgroup);
        if (r >= 0 && !c->cgroup)
                r = -ENOMEM;
        return r < 0 ? error_set_errno(error, r, "looking for the cgroup of the unit %s", c->scope) : 0;
}

int scope_stop(const Container *c, Error *error) {
        _cleanup_(unit_bus_freep) UnitBus *bus = NULL;
        int r = unit_bus_connect(&bus, error);

        return r < 0 ? r : unit_bus_stop(bus, c->scope, error);
}
