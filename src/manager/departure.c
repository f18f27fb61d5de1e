/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "departure.h"
#include "macro.h"

int departure_watch(sd_bus *bus, sd_bus_slot **ret, sd_bus_message_handler_t handler, void *userdata) {
        return sd_bus_add_match_async(bus, ret,
                                      "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                                      "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg2=''",
                                      handler, NULL, userdata);
}

const char *departure_read(sd_bus_message *m) {
        const char *name, *old, *new;

        return sd_bus_message_read(m, "sss", &name, &old, &new) < 0 || !isempty(new) ? NULL : name;
}
