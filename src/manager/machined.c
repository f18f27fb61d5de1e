/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#include "machined.h"

#define DESTINATION "org.freedesktop.machine1"
#define OBJECT "/org/freedesktop/machine1"
#define INTERFACE "org.freedesktop.machine1.Manager"

/* A start does not wait longer than this for a machined that hangs. */
#define TIMEOUT_USEC (5 * USEC_PER_SEC)

typedef struct Registration {
        MachinedDone done;
        void *userdata;
} Registration;

static void registration_free(void *userdata) {
        free(userdata);
}

static int on_registered(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Registration *registration = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);

        if (e && !sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN))
                sd_journal_print(LOG_NOTICE, "Not registered with systemd-machined: %s", e->message);
        registration->done(registration->userdata);
        return 0;
}

void machined_unregister(sd_bus *bus, const char *name) {
        sd_bus_message *m = NULL;

        if (sd_bus_message_new_method_call(bus, &m, DESTINATION, OBJECT, INTERFACE, "UnregisterMachine") >= 0 &&
            sd_bus_message_set_auto_start(m, 0) >= 0 && sd_bus_message_append(m, "s", name) >= 0)
                (void) sd_bus_call_async(bus, NULL, m, NULL, NULL, TIMEOUT_USEC);
        sd_bus_message_unref(m);
}

int machined_register(sd_bus *bus, const char *name, const char *machine_id, pid_t leader, int ifindex,
                      MachinedDone done, void *userdata, sd_bus_slot **ret_slot) {
        _cleanup_free_ Registration *registration = calloc(1, sizeof(*registration));
        int32_t interfaces[1] = { ifindex };
        sd_bus_message *m = NULL;
        sd_id128_t id;
        int r;

        if (!registration)
                return -ENOMEM;
        *registration = (Registration){ done, userdata };

        r = sd_id128_from_string(machine_id, &id);
        if (r < 0)
                return r;
        machined_unregister(bus, name);

        r = sd_bus_message_new_method_call(bus, &m, DESTINATION, OBJECT, INTERFACE, "RegisterMachineWithNetwork");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', &id, sizeof(id));
        if (r >= 0)
                r = sd_bus_message_append(m, "ssus", "ctrd", "container", (uint32_t) leader, "");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'i', interfaces, ifindex > 0 ? sizeof(interfaces) : 0);
        if (r >= 0)
                r = sd_bus_call_async(bus, ret_slot, m, on_registered, registration, TIMEOUT_USEC);
        if (r >= 0) {
                sd_bus_slot_set_destroy_callback(*ret_slot, registration_free);
                (void) TAKE_PTR(registration);
        }
        sd_bus_message_unref(m);
        return r;
}
