/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#include "clock.h"
#include "machined.h"

#define DESTINATION "org.freedesktop.machine1"
#define OBJECT "/org/freedesktop/machine1"
#define INTERFACE "org.freedesktop.machine1.Manager"

/* A start does not wait longer than this for a machined that hangs. */
#define TIMEOUT_USEC (5 * USEC_PER_SEC)

typedef enum Question {
        ASK_LEADER,
        ASK_REGISTER,
        ASK_UNREGISTER,
} Question;

/* A question under way, and what it is about. */
typedef struct Registration {
        Question question;
        char *name;
        sd_id128_t id;
        pid_t leader;
        int ifindex;
        uint64_t deadline_usec; /* CLOCK_MONOTONIC: of all attempts together */
        sd_bus_slot *again; /* of what is asked after the first question, owned */
        MachinedDone done;
        void *userdata;
} Registration;

static void registration_free(void *userdata) {
        Registration *registration = userdata;

        sd_bus_slot_unref(registration->again);
        free(registration->name);
        free(registration);
}

static int new_call(sd_bus *bus, const char *method, const char *name, sd_bus_message **ret) {
        sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &m, DESTINATION, OBJECT, INTERFACE, method);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        if (r < 0)
                sd_bus_message_unref(m);
        else
                *ret = m;
        return r;
}

static int new_registration(sd_bus *bus, const Registration *registration, sd_bus_message **ret) {
        int32_t interfaces[1] = { registration->ifindex };
        sd_bus_message *m;
        int r;

        r = new_call(bus, "RegisterMachineWithNetwork", registration->name, &m);
        if (r < 0)
                return r;
        r = sd_bus_message_append_array(m, 'y', &registration->id, sizeof(registration->id));
        if (r >= 0)
                r = sd_bus_message_append(m, "ssus", "ctrd", "container", (uint32_t) registration->leader, "");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'i', interfaces, registration->ifindex > 0 ? sizeof(interfaces) : 0);
        if (r < 0)
                sd_bus_message_unref(m);
        else
                *ret = m;
        return r;
}

/* activate: machined is started for it where it does not run. */
static int new_unregistration(sd_bus *bus, const char *name, bool activate, sd_bus_message **ret) {
        sd_bus_message *m;
        int r;

        r = new_call(bus, "UnregisterMachine", name, &m);
        if (r < 0)
                return r;
        r = sd_bus_message_set_auto_start(m, activate);
        if (r < 0)
                sd_bus_message_unref(m);
        else
                *ret = m;
        return r;
}

static int new_leader_question(sd_bus *bus, const char *name, sd_bus_message **ret) {
        _cleanup_free_ char *path = NULL;
        sd_bus_message *m = NULL;
        int r;

        r = sd_bus_path_encode(OBJECT "/machine", name, &path);
        if (r >= 0)
                r = sd_bus_message_new_method_call(bus, &m, DESTINATION, path, "org.freedesktop.DBus.Properties", "Get");
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", "org.freedesktop.machine1.Machine", "Leader");
        if (r < 0)
                sd_bus_message_unref(m);
        else
                *ret = m;
        return r;
}

static uint64_t registration_time_left(const Registration *registration) {
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        return registration->deadline_usec > now ? registration->deadline_usec - now : 1;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);

/* again: machined has died over it. */
static int registration_send(sd_bus *bus, Registration *registration, bool again, sd_bus_slot **ret_slot) {
        sd_bus_message *m = NULL;
        int r;

        switch (registration->question) {
        case ASK_LEADER:
                r = new_leader_question(bus, registration->name, &m);
                break;
        case ASK_REGISTER:
                /* The one before a reboot; machined handles calls in their order. */
                r = new_unregistration(bus, registration->name, false, &m);
                if (r >= 0)
                        (void) sd_bus_send(bus, m, NULL);
                m = sd_bus_message_unref(m);
                if (r >= 0)
                        r = new_registration(bus, registration, &m);
                break;
        default:
                r = new_unregistration(bus, registration->name, again, &m);
        }
        if (r < 0)
                return r;
        r = sd_bus_call_async(bus, ret_slot, m, on_answer, registration, registration_time_left(registration));
        sd_bus_message_unref(m);
        return r;
}

static int send_again(sd_bus *bus, Registration *registration, bool again) {
        sd_bus_slot *before = TAKE_PTR(registration->again);
        int r;

        r = registration_send(bus, registration, again, &registration->again);
        sd_bus_slot_unref(before);
        return r;
}

static bool has_leader(sd_bus_message *m, pid_t leader) {
        uint32_t pid;

        return !sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "v", "u", &pid) >= 0 && (pid_t) pid == leader;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Registration *registration = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        sd_bus *bus = sd_bus_message_get_bus(m);

        /* It died over it, and comes back when it is asked; or it took all the time there was. */
        if (e && sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY) && now_usec(CLOCK_MONOTONIC) < registration->deadline_usec) {
                if (send_again(bus, registration, true) >= 0)
                        return 0;
        } else if (registration->question == ASK_LEADER && !has_leader(m, registration->leader)) {
                registration->question = ASK_REGISTER;
                if (send_again(bus, registration, false) >= 0)
                        return 0;
        }
        if (e && registration->question == ASK_REGISTER && !sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN))
                sd_journal_print(LOG_NOTICE, "Not registered with systemd-machined: %s", e->message);
        registration->done(registration->userdata);
        return 0;
}

/* Takes the registration, whatever comes of it. */
static int registration_begin(sd_bus *bus, Registration *registration, sd_bus_slot **ret_slot) {
        sd_bus_slot *slot;
        int r;

        registration->deadline_usec = now_usec(CLOCK_MONOTONIC) + TIMEOUT_USEC;
        r = registration_send(bus, registration, false, &slot);
        if (r < 0) {
                registration_free(registration);
                return r;
        }
        (void) sd_bus_slot_set_destroy_callback(slot, registration_free);
        *ret_slot = slot;
        return 0;
}

static Registration *registration_new(Question question, const char *name, MachinedDone done, void *userdata) {
        Registration *registration = calloc(1, sizeof(*registration));

        if (!registration)
                return NULL;
        *registration = (Registration){ .question = question, .name = strdup(name), .done = done, .userdata = userdata };
        if (!registration->name) {
                free(registration);
                return NULL;
        }
        return registration;
}

int machined_unregister(sd_bus *bus, const char *name, MachinedDone done, void *userdata, sd_bus_slot **ret_slot) {
        Registration *registration = registration_new(ASK_UNREGISTER, name, done, userdata);

        return registration ? registration_begin(bus, registration, ret_slot) : -ENOMEM;
}

static int begin_with_leader(Question question, sd_bus *bus, const char *name, const char *machine_id, pid_t leader, int ifindex,
                             MachinedDone done, void *userdata, sd_bus_slot **ret_slot) {
        Registration *registration;
        sd_id128_t id;
        int r;

        r = sd_id128_from_string(machine_id, &id);
        if (r < 0)
                return r;
        registration = registration_new(question, name, done, userdata);
        if (!registration)
                return -ENOMEM;
        registration->id = id;
        registration->leader = leader;
        registration->ifindex = ifindex;
        return registration_begin(bus, registration, ret_slot);
}

int machined_register(sd_bus *bus, const char *name, const char *machine_id, pid_t leader, int ifindex,
                      MachinedDone done, void *userdata, sd_bus_slot **ret_slot) {
        return begin_with_leader(ASK_REGISTER, bus, name, machine_id, leader, ifindex, done, userdata, ret_slot);
}

int machined_ensure(sd_bus *bus, const char *name, const char *machine_id, pid_t leader, int ifindex,
                    MachinedDone done, void *userdata, sd_bus_slot **ret_slot) {
        return begin_with_leader(ASK_LEADER, bus, name, machine_id, leader, ifindex, done, userdata, ret_slot);
}
