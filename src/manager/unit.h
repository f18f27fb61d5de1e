/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Units of the host's systemd that belong to us: a scope for each running
 * container, a transient service for each template that is being built. All
 * calls are asynchronous; a callback is called once, never from within the call.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "error.h"
#include "settings.h"

#define UNIT_DESTINATION "org.freedesktop.systemd1"
#define UNIT_OBJECT "/org/freedesktop/systemd1"
#define UNIT_INTERFACE "org.freedesktop.systemd1.Manager"

typedef struct UnitClient UnitClient;

/* result: "done", "failed", "canceled", "timeout", … as systemd's JobRemoved has it. */
typedef void (*UnitDone)(const Error *error, void *userdata);

/* A request under way; its owner may drop it, and then its callback is not
 * called any more. */
typedef struct UnitRequest UnitRequest;
UnitRequest *unit_request_drop(UnitRequest *request);

int unit_client_new(sd_bus *bus, UnitClient **ret);
UnitClient *unit_client_free(UnitClient *client);

/* "ctr-NAME.scope" */
#define UNIT_NAME_MAX 128
void unit_scope_name(const char *container, char ret[static UNIT_NAME_MAX]);
/* "ctr-start@NAME.service", "ctr@NAME.target": see unit-dependencies.h. */
void unit_start_name(const char *container, char ret[static UNIT_NAME_MAX]);
void unit_target_name(const char *container, char ret[static UNIT_NAME_MAX]);

/* Makes the scope around a process, with the limits of the settings; done when
 * the process is in it. */
int unit_start_scope(UnitClient *client, const char *container, const Settings *settings, pid_t pid, UnitDone done,
                     void *userdata, UnitRequest **ret);

/* Starts a unit that is there; done when its job is. */
int unit_start(UnitClient *client, const char *unit, UnitDone done, void *userdata, UnitRequest **ret);

/* Whether the host goes down: what ends now does so for that, and is none that failed. */
bool unit_host_goes_down(const UnitClient *client);

/* Stops a unit, gracefully as its settings say; nobody is told. */
int unit_stop(UnitClient *client, const char *unit);

/* Ends a scope without asking anybody: its processes are killed, and it goes where
 * it has none either. */
int unit_destroy_scope(UnitClient *client, const char *unit);

/* Calls done when systemd has forgotten the unit. */
int unit_wait_gone(UnitClient *client, const char *unit, UnitDone done, void *userdata, UnitRequest **ret);

/* For unit-worker.c: a StartTransientUnit whose properties are to follow, and its end,
 * which does not take the message. */
int unit_new_transient(UnitClient *client, const char *unit, sd_bus_message **ret);
int unit_send_transient(UnitClient *client, sd_bus_message *m, const char *unit, UnitDone done, void *userdata,
                        UnitRequest **ret);
