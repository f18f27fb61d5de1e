/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "device-word.h"
#include "unit-devices.h"
#include "unit.h"

static int append_list(sd_bus_message *m, char *const *devices) {
        int r = sd_bus_message_append(m, "(ss)(ss)", "char-pts", "rw", "/dev/net/tun", "rwm");

        for (char *const *d = devices; d && *d && r >= 0; d++) {
                DeviceWord word;

                r = device_word_parse(*d, &word);
                if (r < 0)
                        return r;
                /* The node is made from within the scope; what the container itself may is
                 * in the bundle. */
                if (!strchr(word.access, 'm'))
                        strcat(word.access, "m");
                r = sd_bus_message_append(m, "(ss)", word.source, word.access);
                device_word_clear(&word);
        }
        return r;
}

/* Devices are by default those that the runtime provides: /dev is a tmpfs with
 * the harmless nodes; with a user namespace mknod is refused by the kernel too. */
int unit_append_devices(sd_bus_message *m, char *const *devices) {
        int r;

        r = sd_bus_message_append(m, "(sv)", "DevicePolicy", "s", "closed");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "DeviceAllow");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a(ss)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(ss)");
        if (r >= 0)
                r = append_list(m, devices);
        for (int i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

int unit_set_devices(sd_bus *bus, const char *container, char *const *devices, sd_bus_message_handler_t handler, void *userdata,
                     sd_bus_slot **ret) {
        sd_bus_message *m = NULL;
        char unit[UNIT_NAME_MAX];
        int r;

        unit_scope_name(container, unit);
        r = sd_bus_message_new_method_call(bus, &m, UNIT_DESTINATION, UNIT_OBJECT, UNIT_INTERFACE, "SetUnitProperties");
        if (r >= 0)
                r = sd_bus_message_append(m, "sb", unit, 1);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        /* An empty list forgets those of before. */
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)", "DeviceAllow", "a(ss)", 0);
        if (r >= 0)
                r = unit_append_devices(m, devices);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_call_async(bus, ret, m, handler, userdata, 0);
        sd_bus_message_unref(m);
        return r;
}
