/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <stdio.h>

#include "clock.h"
#include "slice.h"
#include "strv.h"
#include "unit-dependencies.h"
#include "unit-devices.h"
#include "unit-limits.h"
#include "unit.h"


typedef enum Awaiting {
        AWAITING_REPLY, /* of the method call */
        AWAITING_JOB,   /* its JobRemoved */
        AWAITING_GONE,  /* UnitRemoved */
} Awaiting;

struct UnitRequest {
        UnitClient *client;
        UnitRequest *next;
        Awaiting awaiting;
        char *unit;
        char *job;
        sd_bus_slot *slot;
        UnitDone done;
        void *userdata;
};

struct UnitClient {
        sd_bus *bus;
        sd_bus_slot *job_new, *job_removed, *unit_removed, *system_state;
        bool host_goes_down;
        UnitRequest *requests;
};

void unit_scope_name(const char *container, char ret[static UNIT_NAME_MAX]) {
        snprintf(ret, UNIT_NAME_MAX, "ctr-%s.scope", container);
}

void unit_start_name(const char *container, char ret[static UNIT_NAME_MAX]) {
        snprintf(ret, UNIT_NAME_MAX, "ctr-start@%s.service", container);
}

void unit_target_name(const char *container, char ret[static UNIT_NAME_MAX]) {
        snprintf(ret, UNIT_NAME_MAX, "ctr@%s.target", container);
}

UnitRequest *unit_request_drop(UnitRequest *request) {
        if (!request)
                return NULL;
        for (UnitRequest **p = &request->client->requests; *p; p = &(*p)->next)
                if (*p == request) {
                        *p = request->next;
                        break;
                }
        sd_bus_slot_unref(request->slot);
        free(request->unit);
        free(request->job);
        free(request);
        return NULL;
}

static void request_finish(UnitRequest *request, const Error *error) {
        UnitDone done = request->done;
        void *userdata = request->userdata;

        unit_request_drop(request);
        done(error, userdata);
}

static UnitRequest *request_new(UnitClient *client, const char *unit, UnitDone done, void *userdata) {
        UnitRequest *request = calloc(1, sizeof(*request));

        if (!request)
                return NULL;
        request->client = client;
        request->unit = strdup(unit);
        if (!request->unit) {
                free(request);
                return NULL;
        }
        request->done = done;
        request->userdata = userdata;
        request->next = client->requests;
        client->requests = request;
        return request;
}

/* Signals. */

/* As long as systemd gives a unit that starts. It reads all its units anew now and then, and
 * answers nobody meanwhile: sd-bus would give up after 25 seconds. */
#define ANSWER_USEC (90 * USEC_PER_SEC)

#define SHUTDOWN_TARGET "shutdown.target" /* which every way down goes through */

static int on_job_new(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        UnitClient *client = userdata;
        const char *path, *unit;
        uint32_t id;

        if (sd_bus_message_is_signal(m, UNIT_INTERFACE, "JobNew") > 0 && sd_bus_message_read(m, "uos", &id, &path, &unit) >= 0 &&
            streq(unit, SHUTDOWN_TARGET))
                client->host_goes_down = true;
        return 0;
}

/* The bus sends us the jobs of one unit and of no other. A match of sd-bus's own cannot look
 * behind a first argument that is a number. */
static int watch_shutdown(UnitClient *client) {
        int r = sd_bus_add_filter(client->bus, &client->job_new, on_job_new, client);

        return r < 0 ? r
                     : sd_bus_call_method_async(client->bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                "org.freedesktop.DBus", "AddMatch", NULL, NULL, "s",
                                                "type='signal',sender='" UNIT_DESTINATION "',path='" UNIT_OBJECT
                                                "',interface='" UNIT_INTERFACE "',member='JobNew',arg2='" SHUTDOWN_TARGET "'");
}

bool unit_host_goes_down(const UnitClient *client) {
        return client->host_goes_down;
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *path, *unit, *result;
        UnitClient *client = userdata;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
                return 0;
        if (streq(unit, SHUTDOWN_TARGET) && !streq(result, "done"))
                client->host_goes_down = false;
        for (UnitRequest *r = client->requests; r; r = r->next) {
                _cleanup_error_ Error error = ERROR_INIT;

                if (r->awaiting != AWAITING_JOB || !streq_ptr(r->job, path))
                        continue;
                if (streq(result, "dependency"))
                        error_set(&error, EIO, NULL,
                                  "what it requires has not started: see Requires= of its settings, and journalctl -u 'ctr-start@*'");
                else if (!streq(result, "done"))
                        error_set(&error, EIO, NULL, "systemd could not start %s: the job's result is \"%s\"", unit, result);
                request_finish(r, error_is_set(&error) ? &error : NULL);
                break;
        }
        return 0;
}

static int on_unit_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        UnitClient *client = userdata;
        const char *unit, *path;

        if (sd_bus_message_read(m, "so", &unit, &path) < 0)
                return 0;
        for (UnitRequest *r = client->requests; r; r = r->next)
                if (r->awaiting == AWAITING_GONE && streq(r->unit, unit)) {
                        request_finish(r, NULL);
                        break;
                }
        return 0;
}

/* It may go down already, and the job was told before we listened. */
static int on_system_state(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        UnitClient *client = userdata;
        const char *state;

        client->system_state = sd_bus_slot_unref(client->system_state);
        if (!sd_bus_message_is_method_error(reply, NULL) && sd_bus_message_read(reply, "v", "s", &state) >= 0 && streq(state, "stopping"))
                client->host_goes_down = true;
        return 0;
}

int unit_client_new(sd_bus *bus, UnitClient **ret) {
        UnitClient *client = calloc(1, sizeof(*client));
        int r;

        if (!client)
                return -ENOMEM;
        client->bus = sd_bus_ref(bus);

        r = sd_bus_set_method_call_timeout(bus, ANSWER_USEC);
        if (r >= 0)
                r = watch_shutdown(client);
        if (r >= 0)
                r = sd_bus_match_signal_async(bus, &client->job_removed, UNIT_DESTINATION, UNIT_OBJECT, UNIT_INTERFACE, "JobRemoved",
                                      on_job_removed, NULL, client);
        if (r >= 0)
                r = sd_bus_match_signal_async(bus, &client->unit_removed, UNIT_DESTINATION, UNIT_OBJECT, UNIT_INTERFACE, "UnitRemoved",
                                              on_unit_removed, NULL, client);
        if (r >= 0)
                r = sd_bus_call_method_async(bus, NULL, UNIT_DESTINATION, UNIT_OBJECT, UNIT_INTERFACE, "Subscribe", NULL, NULL, NULL);
        if (r >= 0)
                r = sd_bus_call_method_async(bus, &client->system_state, UNIT_DESTINATION, UNIT_OBJECT, "org.freedesktop.DBus.Properties",
                                             "Get", on_system_state, client, "ss", UNIT_INTERFACE, "SystemState");
        if (r < 0) {
                unit_client_free(client);
                return r;
        }
        *ret = client;
        return 0;
}

UnitClient *unit_client_free(UnitClient *client) {
        if (!client)
                return NULL;
        while (client->requests)
                unit_request_drop(client->requests);
        sd_bus_slot_unref(client->system_state);
        sd_bus_slot_unref(client->job_new);
        sd_bus_slot_unref(client->job_removed);
        sd_bus_slot_unref(client->unit_removed);
        sd_bus_unref(client->bus);
        free(client);
        return NULL;
}

/* StartTransientUnit. */

static int on_start_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        UnitRequest *request = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        _cleanup_error_ Error error = ERROR_INIT;
        const char *job;

        if (e)
                error_set(&error, sd_bus_error_has_name(e, "org.freedesktop.systemd1.UnitExists") ? EEXIST : sd_bus_error_get_errno(e), NULL,
                          "systemd refused to start %s: %s", request->unit, e->message);
        else if (sd_bus_message_read(m, "o", &job) < 0 || !(request->job = strdup(job)))
                error_set(&error, EIO, NULL, "systemd's answer to the start of %s cannot be read", request->unit);
        if (error_is_set(&error))
                request_finish(request, &error);
        else
                request->awaiting = AWAITING_JOB;
        return 0;
}

int unit_new_transient(UnitClient *client, const char *unit, sd_bus_message **ret) {
        sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(client->bus, &m, UNIT_DESTINATION, UNIT_OBJECT, UNIT_INTERFACE, "StartTransientUnit");
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", unit, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r < 0)
                sd_bus_message_unref(m);
        else
                *ret = m;
        return r;
}

int unit_send_transient(UnitClient *client, sd_bus_message *m, const char *unit, UnitDone done, void *userdata,
                          UnitRequest **ret) {
        UnitRequest *request;
        int r;

        r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append(m, "a(sa(sv))", 0);
        if (r < 0)
                return r;
        request = request_new(client, unit, done, userdata);
        if (!request)
                return -ENOMEM;
        r = sd_bus_call_async(client->bus, &request->slot, m, on_start_reply, request, 0);
        if (r < 0) {
                unit_request_drop(request);
                return r;
        }
        *ret = request;
        return 0;
}

int unit_start_scope(UnitClient *client, const char *container, const Settings *settings, pid_t pid, UnitDone done,
                     void *userdata, UnitRequest **ret) {
        char unit[UNIT_NAME_MAX], description[256];
        sd_bus_message *m = NULL;
        int r;

        unit_scope_name(container, unit);
        snprintf(description, sizeof(description), "Container %s", container);

        /* systemd kills what is left after its own timeout; ours, in the
         * monitor, comes first. */
        uint64_t stop_timeout = usec_add(usec_add(settings->stop_timeout_usec, settings->extend_timeout_max_usec), 15 * USEC_PER_SEC);

        r = unit_new_transient(client, unit, &m);
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s", description, "Slice", "s",
                                  settings->slice ?: SLICE_DEFAULT, "PIDs", "au", 1, (uint32_t) pid, "Delegate", "b", 1, "CollectMode", "s",
                                  "inactive-or-failed");
        if (r >= 0)
                /* No Controller= and no AddRef=: systemd would watch us for each, and the bus
                 * lets it watch for 512 in all. It signals each process itself: SIGURG is
                 * ignored by all that do not ask for it, and the monitor takes it as "stop". */
                r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "KillMode", "s", "control-group", "KillSignal", "i", SIGURG, "SendSIGHUP", "b", 0,
                                          "TimeoutStopUSec", "t", stop_timeout);
        if (r >= 0)
                r = unit_append_dependencies(m, container, settings);
        if (r >= 0)
                r = unit_append_devices(m, settings->device);
        if (r >= 0)
                r = unit_append_limits(m, settings, NULL);
        if (r >= 0)
                r = unit_send_transient(client, m, unit, done, userdata, ret);
        sd_bus_message_unref(m);
        return r;
}

/* Start, stop, kill, gone. */

int unit_start(UnitClient *client, const char *unit, UnitDone done, void *userdata, UnitRequest **ret) {
        UnitRequest *request = request_new(client, unit, done, userdata);
        int r;

        if (!request)
                return -ENOMEM;
        r = sd_bus_call_method_async(client->bus, &request->slot, UNIT_DESTINATION, UNIT_OBJECT, UNIT_INTERFACE, "StartUnit",
                                     on_start_reply, request, "ss", unit, "fail");
        if (r < 0) {
                unit_request_drop(request);
                return r;
        }
        *ret = request;
        return 0;
}

int unit_stop(UnitClient *client, const char *unit) {
        return sd_bus_call_method_async(client->bus, NULL, UNIT_DESTINATION, UNIT_OBJECT, UNIT_INTERFACE, "StopUnit", NULL, NULL, "ss",
                                        unit, "replace");
}

int unit_destroy_scope(UnitClient *client, const char *unit) {
        int r, k;

        r = sd_bus_call_method_async(client->bus, NULL, UNIT_DESTINATION, UNIT_OBJECT, UNIT_INTERFACE, "KillUnit", NULL, NULL, "ssi", unit,
                                     "all", (int32_t) SIGKILL);
        /* A scope whose process was dead before it came in never empties, and systemd
         * waits for ever for that. A stop ends it at once; one that has a controller,
         * of a ctrd of an earlier version, is taken from that first. */
        k = sd_bus_call_method_async(client->bus, NULL, UNIT_DESTINATION, UNIT_OBJECT, UNIT_INTERFACE, "AbandonScope", NULL, NULL, "s", unit);
        r = r < 0 ? r : k;
        k = unit_stop(client, unit);
        return r < 0 ? r : k;
}

static int on_get_unit(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        UnitRequest *request = userdata;

        /* Not known: gone already. Else UnitRemoved will come. */
        if (sd_bus_message_get_error(m))
                request_finish(request, NULL);
        return 0;
}

int unit_wait_gone(UnitClient *client, const char *unit, UnitDone done, void *userdata, UnitRequest **ret) {
        UnitRequest *request = request_new(client, unit, done, userdata);
        int r;

        if (!request)
                return -ENOMEM;
        request->awaiting = AWAITING_GONE;

        r = sd_bus_call_method_async(client->bus, &request->slot, UNIT_DESTINATION, UNIT_OBJECT, UNIT_INTERFACE, "GetUnit", on_get_unit,
                                     request, "s", unit);
        if (r < 0) {
                unit_request_drop(request);
                return r;
        }
        *ret = request;
        return 0;
}
