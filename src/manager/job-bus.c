/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "bus.h"
#include "deed.h"

static int method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        Job *job = userdata;
        /* An owner ends what was begun by themself, and nobody else's. */
        const Deed deed = { .action = job->action, .verb = "cancel", .foreign = true };
        int r;

        /* Nobody types a password for what can be refused at once. */
        r = job_has_ended(job) ? job_cancel(job, &error) : 0;
        if (r < 0)
                return bus_error(ret_error, &error, r);
        r = deed_authorize_job(job->manager, m, job, &deed, ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = job_cancel(job, &error);
        return r < 0 ? bus_error(ret_error, &error, r) : sd_bus_reply_method_return(m, NULL);
}

static int property_state(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                          void *userdata, sd_bus_error *ret_error) {
        Job *job = userdata;

        return sd_bus_message_append(reply, "s", job_state_to_string(job->state));
}

static int property_error_name(sd_bus *bus, const char *path, const char *interface, const char *property,
                               sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Job *job = userdata;
        char name[128] = "";

        if (error_is_set(&job->error))
                snprintf(name, sizeof(name), "org.ctrd1.Error.%s", job->error.name ?: "Failed");
        return sd_bus_message_append(reply, "s", name);
}

static int property_error_message(sd_bus *bus, const char *path, const char *interface, const char *property,
                                  sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Job *job = userdata;

        return sd_bus_message_append(reply, "s", error_is_set(&job->error) ? error_message(&job->error) : "");
}

const sd_bus_vtable job_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Kind", "s", NULL, offsetof(Job, kind), SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Container", "s", NULL, offsetof(Job, container), SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("UID", "u", NULL, offsetof(Job, uid), SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", property_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Progress", "u", NULL, offsetof(Job, progress), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Message", "s", NULL, offsetof(Job, message), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ErrorName", "s", property_error_name, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ErrorMessage", "s", property_error_message, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StartedAt", "t", NULL, offsetof(Job, started_usec), SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("EndedAt", "t", NULL, offsetof(Job, ended_usec), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD("Cancel", "", "", method_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
