/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <sys/socket.h>

#include "bus.h"
#include "introspect.h"
#include "socket.h"

/* One end of a connection of our own, without a bus between. */
static int open_end(int fd, bool server, sd_bus **ret) {
        sd_id128_t id = {};
        sd_bus *bus;
        int r;

        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_fd(bus, fd, fd);
        if (r >= 0 && server)
                r = sd_bus_set_server(bus, true, id);
        if (r >= 0)
                r = sd_bus_set_anonymous(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        *ret = bus;
        return r;
}

static int on_xml(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        bool *done = userdata;
        const char *xml;

        if (sd_bus_message_get_error(m) || sd_bus_message_read(m, "s", &xml) < 0)
                return -EIO;
        fputs(xml, stdout);
        *done = true;
        return 0;
}

static int find_none(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret, sd_bus_error *e) {
        *ret = NULL;
        return 1;
}

int introspect(void) {
        static const struct {
                const char *path, *interface;
                const sd_bus_vtable *vtable;
        } objects[] = {
                { BUS_ROOT "/manager", "org.ctrd1.Manager", manager_vtable },
                { BUS_ROOT "/container", "org.ctrd1.Container", container_vtable },
                { BUS_ROOT "/image", "org.ctrd1.Image", image_vtable },
                { BUS_ROOT "/profile", "org.ctrd1.Profile", profile_vtable },
                { BUS_ROOT "/job", "org.ctrd1.Job", job_vtable },
        };
        sd_bus *server = NULL, *client = NULL;
        int pair[2], r;

        r = socket_pair(SOCK_STREAM, pair);
        if (r >= 0)
                r = open_end(pair[0], true, &server);
        if (r >= 0)
                r = open_end(pair[1], false, &client);
        for (size_t i = 0; i < ELEMENTSOF(objects) && r >= 0; i++)
                r = sd_bus_add_fallback_vtable(server, NULL, objects[i].path, objects[i].interface, objects[i].vtable,
                                               find_none, NULL);
        for (size_t i = 0; i < ELEMENTSOF(objects) && r >= 0; i++) {
                bool done = false;

                r = sd_bus_call_method_async(client, NULL, NULL, objects[i].path, "org.freedesktop.DBus.Introspectable",
                                             "Introspect", on_xml, &done, "");
                while (r >= 0 && !done) {
                        int a = sd_bus_process(server, NULL), b = sd_bus_process(client, NULL);

                        if (a < 0 || b < 0)
                                r = a < 0 ? a : b;
                }
        }
        if (r < 0)
                fprintf(stderr, "ctrd: cannot introspect: %s\n", strerror(-r));
        sd_bus_unref(client);
        sd_bus_unref(server);
        return r;
}
