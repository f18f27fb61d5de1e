/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus.h"
#include "usage-list.h"

void usage_list_clear(UsageList *l) {
        for (size_t i = 0; i < l->n; i++) {
                for (size_t k = 0; k < l->items[i].n; k++)
                        free(l->items[i].figures[k].name);
                free(l->items[i].figures);
                free(l->items[i].name);
        }
        free(l->items);
        *l = (UsageList){};
}

/* a{st} */
static int take_figures(sd_bus_message *m, Usage *u) {
        const char *name;
        uint64_t value;
        int r = sd_bus_message_enter_container(m, 'a', "{st}");

        while (r >= 0 && (r = sd_bus_message_read(m, "{st}", &name, &value)) > 0) {
                __typeof__(u->figures) figures = reallocarray(u->figures, u->n + 1, sizeof(*figures));

                if (!figures)
                        return -ENOMEM;
                u->figures = figures;
                figures[u->n].name = strdup(name);
                if (!figures[u->n].name)
                        return -ENOMEM;
                figures[u->n++].value = value;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* a(sta{st}) */
static int take(sd_bus_message *m, UsageList *l) {
        int r = sd_bus_message_enter_container(m, 'a', "(sta{st})");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'r', "sta{st}")) > 0) {
                Usage *items = reallocarray(l->items, l->n + 1, sizeof(*items)), *u;
                const char *name;

                if (!items)
                        return -ENOMEM;
                l->items = items;
                u = &items[l->n++];
                *u = (Usage){};
                r = sd_bus_message_read(m, "st", &name, &u->when);
                if (r < 0)
                        return r;
                u->name = strdup(name);
                if (!u->name)
                        return -ENOMEM;
                r = take_figures(m, u);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r;
}

int usage_list_read(Ctl *ctl, UsageList *ret, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(usage_list_clear) UsageList l = {};
        int r = bus_method(ctl, BUS_ROOT, BUS_MANAGER, "GetUsage", &m, error);

        if (r >= 0)
                r = bus_call(ctl, m, &reply, error);
        if (r < 0)
                return r;
        r = take(reply, &l);
        if (r < 0)
                return bus_message_error(error, r);
        *ret = l;
        l = (UsageList){};
        return 0;
}

uint64_t usage_get(const Usage *u, const char *figure) {
        for (size_t i = 0; i < u->n; i++)
                if (streq(u->figures[i].name, figure))
                        return u->figures[i].value;
        return USAGE_UNKNOWN;
}
