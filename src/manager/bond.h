/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An ephemeral container that is there for one client: when that leaves the bus, however it
 * ends, the container is killed where it runs and removed.
 *
 * A file "client" beside its identity, written before the container exists, names the client
 * and the bus; a bus gives no name twice. With it a ctrd that comes up removes what its
 * client has left meanwhile. What one that is copied has of it the copy has not.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "error.h"
#include "macro.h"

typedef struct Container Container;
typedef struct Manager Manager;

typedef struct Bond {
        char *client; /* its unique name; NULL: it is there for all */
        bool broken;  /* the client has gone */
        sd_bus_slot *question;  /* whether the client is there */
        sd_event_source *retry; /* where it could not be removed at once */
} Bond;

void bond_clear(Bond *bond);

/* From now on departures of clients are heard of: before the first container, or one in the
 * making, is tied to one. */
int bonds_listen(Manager *manager);

/* Writes the file. directory: the container's, or what becomes that. */
int bond_save(Manager *manager, const char *directory, const char *client, Error *error);

/* When it is an object, and known to all: reads the file, and asks whether the client is
 * there still. The container may be gone with this. No error where it is tied to nobody. */
void bond_begin(Container *container);

/* Its run has ended, and no other follows: whether it is to be removed now, because its
 * client has gone. */
bool bond_run_ended(Container *container);

/* It is there for all from here on: somebody has set Ephemeral= to no, or has given it
 * another name. */
void bond_forget(Container *container);
