/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * org.ctrd1 on the bus: objects, methods, signals. Handlers unpack, ask for
 * authority, make one call into an object, and reply. docs/architecture.md and
 * org.ctrd1(5) say what each member means.
 */

#include "manager.h"

#define BUS_NAME "org.ctrd1"
#define BUS_ROOT "/org/ctrd1"
#define BUS_CONTAINERS BUS_ROOT "/container"
#define BUS_IMAGES BUS_ROOT "/image"
#define BUS_PROFILES BUS_ROOT "/profile"
#define BUS_JOBS BUS_ROOT "/job"

/* Puts all objects on the bus. *manager is read when calls come: it may be set
 * afterwards. */
int bus_register(sd_bus *bus, Manager **manager);

extern const ManagerObserver bus_observer;

/* For the other bus files. */
extern const sd_bus_vtable manager_vtable[], container_vtable[], image_vtable[], job_vtable[],
        profile_vtable[];

/* Copies an Error into one of the bus: org.ctrd1.Error.NAME. Returns a negative
 * errno, so that handlers can return it. */
int bus_error(sd_bus_error *to, const Error *from, int r);

/* Of an answer that a handler does not return: where it could not be made or sent, which is
 * for want of memory, the caller is told that, and does not wait for ever. Returns r. */
int bus_answered(sd_bus_message *call, int r);

/* Answers a method with a job's path, or with why there is none. */
int bus_reply_job(sd_bus_message *m, const Job *job);

/* An answer that is an array of such elements. */
int bus_open_reply(sd_bus_message *m, const char *element, sd_bus_message **ret);
/* Takes the answer; r is how filling it went. Returns what a handler does. */
int bus_send_reply(sd_bus_message *reply, int r);

/* Appends what a container uses, as a{st}. */
int bus_append_usage(sd_bus_message *m, const Container *container);

/* a(ss) as KEY=VALUE; NULL where there are none. */
int bus_read_assignments(sd_bus_message *m, char ***ret, sd_bus_error *ret_error);

/* job_new() for who sent the message. */
int bus_job_new(Manager *manager, sd_bus_message *m, const char *kind, const char *action, const char *container, Job **ret,
                Error *error);

/* lease_new() for who sent the message. */
int bus_lease(Manager *manager, sd_bus_message *m, int *ret_fd, Error *error);

char *bus_job_path(const Job *job);
char *bus_container_path(const Container *container);
char *bus_image_path(const Image *image);
char *bus_profile_path(const Profile *profile);

/* The polkit actions. */
#define ACTION_MANAGE "org.ctrd1.manage"
#define ACTION_MANAGE_PRIVILEGED "org.ctrd1.manage-privileged"
#define ACTION_INSPECT "org.ctrd1.inspect"
#define ACTION_EXEC "org.ctrd1.exec"
#define ACTION_FILES "org.ctrd1.files"
#define ACTION_CONSOLE "org.ctrd1.console"
#define ACTION_MANAGE_IMAGES "org.ctrd1.manage-images"
#define ACTION_OWN "org.ctrd1.own" /* for who owns the container, in place of any other */

/* deed_authorize(): the container by its name, or "". What an owner may is the table of verbs
 * in owner.c. */
int bus_authorize(Manager *manager, sd_bus_message *m, const char *action, const char *container, const char *verb,
                  sd_bus_error *error);

/* The same of something that is to have another name; rules see it as "new-name". */
int bus_authorize_name(Manager *manager, sd_bus_message *m, const char *action, const char *container, const char *verb,
                       const char *name, sd_bus_error *error);

/* A reply that comes later: when the monitor has answered. Owns the message and
 * a descriptor that goes with the reply (-1: none). */
typedef struct LaterReply LaterReply;
int bus_reply_later(sd_bus_message *m, LaterReply **ret);
void bus_later_set_fd(LaterReply *later, int fd);
void bus_later_drop(LaterReply *later);
void bus_later_done(const Error *error, void *userdata);
