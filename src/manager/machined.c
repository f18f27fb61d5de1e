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

/* A call of machined's Manager, with the registration as its userdata. Takes m. */
static int call_async(sd_bus *bus, sd_bus_message *m, sd_bus_message_handler_t handler, MachinedDone done, void *userdata,
                      sd_bus_slot **ret_slot) {
        _cleanup_free_ Registration *registration = calloc(1, sizeof(*registration));
        sd_bus_slot *slot = NULL;
        int r;

        if (!registration)
                r = -ENOMEM;
        else {
                *registration = (Registration){ done, userdata };
                r = sd_bus_call_async(bus, &slot, m, handler, registration, TIMEOUT_USEC);
        }
        sd_bus_message_unref(m);
        if (r < 0)
                return r;
        (void) sd_bus_slot_set_destroy_callback(slot, registration_free);
        (void) TAKE_PTR(registration);
        *ret_slot = slot;
        return 0;
}

static int on_unregistered(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Registration *registration = userdata;

        registration->done(registration->userdata);
        return 0;
}

static int new_unregister(sd_bus *bus, const char *name, sd_bus_message **ret) {
        sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &m, DESTINATION, OBJECT, INTERFACE, "UnregisterMachine");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, 0);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        if (r < 0)
                sd_bus_message_unref(m);
        else
                *ret = m;
        return r;
}

int machined_unregister(sd_bus *bus, const char *name, MachinedDone done, void *userdata, sd_bus_slot **ret_slot) {
        sd_bus_message *m;
        int r;

        r = new_unregister(bus, name, &m);
        return r < 0 ? r : call_async(bus, m, on_unregistered, done, userdata, ret_slot);
}

int machined_register(sd_bus *bus, const char *name, const char *machine_id, pid_t leader, int ifindex,
                      MachinedDone done, void *userdata, sd_bus_slot **ret_slot) {
        int32_t interfaces[1] = { ifindex };
        sd_bus_message *m = NULL;
        sd_id128_t id;
        int r;

        r = sd_id128_from_string(machine_id, &id);
        if (r < 0)
                return r;

        /* The one before a reboot; machined handles calls in their order. */
        r = new_unregister(bus, name, &m);
        if (r < 0)
                return r;
        (void) sd_bus_send(bus, m, NULL);
        m = sd_bus_message_unref(m);

        r = sd_bus_message_new_method_call(bus, &m, DESTINATION, OBJECT, INTERFACE, "RegisterMachineWithNetwork");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', &id, sizeof(id));
        if (r >= 0)
                r = sd_bus_message_append(m, "ssus", "ctrd", "container", (uint32_t) leader, "");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'i', interfaces, ifindex > 0 ? sizeof(interfaces) : 0);
        if (r < 0) {
                sd_bus_message_unref(m);
                return r;
        }
        return call_async(bus, m, on_registered, done, userdata, ret_slot);
}
