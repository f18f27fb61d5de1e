/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to ctrd, and its errors as sentences.
 */

#include <systemd/sd-event.h>

#include "ctl.h"

#define BUS_NAME "org.ctrd1"
#define BUS_ROOT "/org/ctrd1"
#define BUS_MANAGER "org.ctrd1.Manager"
#define BUS_CONTAINER "org.ctrd1.Container"
#define BUS_IMAGE "org.ctrd1.Image"
#define BUS_PROFILE "org.ctrd1.Profile"
#define BUS_JOB "org.ctrd1.Job"

/* Connects, the first time. The bus stays ctl's. */
int ctl_bus(Ctl *ctl, sd_bus **ret, Error *error);
void ctl_bus_close(Ctl *ctl);

/* Calls the handler when ctrd appears on the bus or goes from it (NameOwnerChanged). Like
 * every match it lives as long as the bus. Asynchronous: the bus works its messages off
 * in order, so the match is there before any call of ours arrives. */
int bus_match_owner(sd_bus *bus, sd_bus_message_handler_t handler, void *userdata);

/* The loop ends with -ECONNRESET when the connection breaks. */
int bus_exit_on_disconnect(sd_bus *bus, sd_event *event);

/* The path of a container's object; the name is checked. Nothing is asked: it
 * need not exist. */
int bus_container_path(const char *name, char **ret, Error *error);
int bus_image_path(const char *id, char **ret, Error *error);
int bus_profile_path(const char *name, char **ret, Error *error);
int bus_job_path(const char *number, char **ret, Error *error);

/* The name that stands in a path below a prefix ("/org/ctrd1/container"). */
int bus_path_name(const char *path, const char *prefix, char **ret);

/* A message to ctrd, to be filled and called. */
int bus_method(Ctl *ctl, const char *path, const char *interface, const char *method, sd_bus_message **ret, Error *error);

/* Calls and waits for the answer, without a limit in time: somebody may be typing a
 * password for polkit. ret may be NULL. */
int bus_call(Ctl *ctl, sd_bus_message *message, sd_bus_message **ret, Error *error);

/* The text that a method without arguments answers with. */
int bus_get_text(Ctl *ctl, const char *path, const char *interface, const char *method, char **ret, Error *error);

/* Turns what a call failed with into a sentence. path: what was called. */
int bus_error(Error *error, int r, const sd_bus_error *bus_error, const char *path);

/* For failures to read or write a message. */
int bus_message_error(Error *error, int r);
