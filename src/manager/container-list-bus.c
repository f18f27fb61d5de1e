/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus.h"
#include "container-list-bus.h"
#include "container.h"
#include "deed.h"

/* More than there are is not asked for. */
#define PROPERTIES_MAX 64

static const sd_bus_vtable *find_property(const char *name) {
        const sd_bus_vtable *row = container_vtable;

        for (; row->type != _SD_BUS_VTABLE_END; row++)
                if (row->type == _SD_BUS_VTABLE_PROPERTY && streq(row->x.property.member, name))
                        return row;
        return NULL;
}

/* as: the rows of the properties that are asked for. */
static int read_properties(sd_bus_message *m, const sd_bus_vtable **rows, size_t *ret_n, Error *error) {
        const char *name;
        size_t n = 0;
        int r = sd_bus_message_enter_container(m, 'a', "s");

        while (r >= 0 && (r = sd_bus_message_read_basic(m, 's', &name)) > 0) {
                const sd_bus_vtable *row = find_property(name);

                if (!row)
                        return error_set(error, EINVAL, "InvalidArguments", "containers have no property \"%.64s\"", name);
                for (size_t i = 0; i < n; i++)
                        if (rows[i] == row)
                                return error_set(error, EINVAL, "InvalidArguments", "the property %s is asked for twice", name);
                if (n == PROPERTIES_MAX)
                        return error_set(error, E2BIG, "LimitsExceeded", "more than %d properties are asked for", PROPERTIES_MAX);
                rows[n++] = row;
        }
        if (r < 0)
                return r;
        *ret_n = n;
        return sd_bus_message_exit_container(m);
}

/* {sv}: as the object itself would answer. */
static int append_property(sd_bus_message *reply, const char *path, const sd_bus_vtable *row, Container *c, sd_bus_error *error) {
        const char *name = row->x.property.member;
        int r;

        r = sd_bus_message_open_container(reply, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(reply, 's', name);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', row->x.property.signature);
        if (r >= 0)
                r = row->x.property.get(c->manager->bus, path, "org.ctrd1.Container", name, reply, c, error);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_container(sd_bus_message *reply, Container *c, const sd_bus_vtable *const *rows, size_t n, sd_bus_error *error) {
        _cleanup_free_ char *path = bus_container_path(c);
        int r;

        if (!path)
                return -ENOMEM;
        r = sd_bus_message_open_container(reply, 'r', "oa{sv}");
        if (r >= 0)
                r = sd_bus_message_append_basic(reply, 'o', path);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        for (size_t i = 0; i < n && r >= 0; i++)
                r = append_property(reply, path, rows[i], c, error);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int manager_method_list_containers(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(viewer_freep) Viewer *viewer = NULL;
        const sd_bus_vtable *rows[PROPERTIES_MAX];
        _cleanup_error_ Error error = ERROR_INIT;
        sd_bus_message *reply = NULL;
        Manager *manager = userdata;
        Container *c;
        size_t n = 0;
        int r;

        r = deed_authorize_view(manager, m, "list", &viewer, ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = read_properties(m, rows, &n, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);
        r = bus_open_reply(m, "(oa{sv})", &reply);
        MAP_FOREACH(c, &manager->containers)
                if (r >= 0 && viewer_sees(viewer, c))
                        r = append_container(reply, c, rows, n, ret_error);
        return bus_send_reply(reply, r);
}
