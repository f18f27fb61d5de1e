/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "name.h"
#include "strv.h"
#include "unit-dependencies.h"
#include "unit.h"

static int append(sd_bus_message *m, const char *property, char **units) {
        int r;

        if (!units)
                return 0;
        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", property);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(m, units);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* order: only the one that stands for its start says when it is up, only the other when
 * it is down. */
static int extend(char ***units, char *const *words, bool order) {
        char unit[UNIT_NAME_MAX];
        int r = 0;

        STRV_FOREACH(w, words) {
                if (!name_is_valid(*w)) {
                        r = strv_extend(units, *w);
                } else {
                        unit_start_name(*w, unit);
                        r = strv_extend(units, unit);
                        if (r >= 0 && order) {
                                unit_target_name(*w, unit);
                                r = strv_extend(units, unit);
                        }
                }
                if (r < 0)
                        return r;
        }
        return r;
}

int unit_append_dependencies(sd_bus_message *m, const char *container, const Settings *s) {
        _cleanup_strv_ char **after = NULL, **requires = NULL, **wants = NULL;
        char target[UNIT_NAME_MAX];
        int r;

        unit_target_name(container, target);
        /* systemd asks ctrd for the stop, by the bus: neither may go first. */
        r = strv_extend(&after, "ctrd.service");
        if (r >= 0)
                r = strv_extend(&after, "dbus.service");
        if (r >= 0)
                r = extend(&after, s->after, true);
        if (r >= 0)
                r = extend(&requires, s->requires, false);
        if (r >= 0)
                r = strv_extend(&wants, target);
        if (r >= 0)
                r = extend(&wants, s->wants, false);
        if (r >= 0)
                r = append(m, "After", after);
        if (r >= 0)
                r = append(m, "Requires", requires);
        if (r >= 0)
                r = append(m, "Wants", wants);
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)", "Before", "as", 1, target, "PartOf", "as", 1, target);
        return r;
}

bool unit_has_dependencies(const Settings *s) {
        return s->after || s->requires || s->wants;
}
