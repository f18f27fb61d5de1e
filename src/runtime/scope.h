/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The unit of systemd that a container is, where systemd manages its cgroup: a
 * transient scope, or a slice.
 */

#include "config.h"
#include "container.h"
#include "unit-bus.h"

typedef struct Scope {
        UnitBus *bus;
        UnitName name;
        UnitProperties properties;
} Scope;

/* Checks all that the config says of it and connects to the bus, which has time to
 * answer until scope_start(). To be closed in any case. */
int scope_open(Scope *s, Config *config, const Container *c, Error *error);
void scope_close(Scope *s);

/* A slice has no processes: it is there before the container's init. */
bool scope_is_slice(const Scope *s);

/* Makes the unit. A scope begins with the container's init, which waits: systemd
 * moves it there, and no other process is needed. Sets c->scope and c->cgroup. */
int scope_start(Scope *s, Container *c, Error *error);

/* Stops the container's unit and makes systemd forget it. What is in it must be dead
 * or dying. */
int scope_stop(const Container *c, Error *error);
