/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a client wants to do, and whether it may: by the polkit action of the deed, or
 * because the container is its own.
 */

#include <systemd/sd-bus.h>

#include "manager.h"
#include "owner.h"

typedef struct Deed {
        const char *action; /* a constant: who may that is no owner */
        const char *verb;
        const char *container; /* its name, or "" */
        bool foreign; /* whatever the verb, it is nothing for owners */
        bool own;     /* it is the caller's own, whosever the container: a job */
        const char *user, *command; /* NULL: not of an Exec */
        const char *new_name;       /* what it, or its copy, is to be called; NULL: nothing */
        const char *path;           /* NULL: not of a copy of files */
} Deed;

/* As authority_check(): 1, 0 to wait, or an error. */
int deed_authorize(Manager *manager, sd_bus_message *m, const Deed *deed, sd_bus_error *error);

/* Of a job: the container is its. It is the own of who asked for it, too, where that is so. */
int deed_authorize_job(Manager *manager, sd_bus_message *m, const Job *job, const Deed *deed, sd_bus_error *error);

/* Who is answered with what is theirs alone, of many containers. NULL: who sees all. */
struct Viewer {
        Owner owner;
};

Viewer *viewer_free(Viewer *viewer);
DEFINE_CLEANUP(Viewer *, viewer_free)
bool viewer_sees(const Viewer *viewer, const Container *container);
bool viewer_sees_job(const Viewer *viewer, const Job *job);

/* The same, for reading what is of no one container. Who may not inspect, but owns some,
 * gets these. */
int deed_authorize_view(Manager *manager, sd_bus_message *m, const char *verb, Viewer **ret, sd_bus_error *error);
