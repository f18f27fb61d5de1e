/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Units of systemd, over its bus: the system's for root, for others the user's own.
 */

#include <sys/types.h>

#include "error.h"
#include "unit-property.h"

typedef struct UnitBus UnitBus;

/* Connects, and does not wait for the bus to answer. */
int unit_bus_connect(UnitBus **ret, Error *error);
UnitBus *unit_bus_free(UnitBus *bus);
DEFINE_CLEANUP(UnitBus *, unit_bus_free)

/* Makes and starts a unit with this process in it (0: none), and waits until that is
 * done. A unit of that name that has failed makes way. */
int unit_bus_start(UnitBus *bus, const char *unit, const UnitProperties *properties, pid_t pid, Error *error);

/* Changes what is running, and waits until systemd has written it into the cgroup. */
int unit_bus_set(UnitBus *bus, const char *unit, const UnitProperties *properties, Error *error);

/* Stops a unit, waits for that, and lets systemd forget it; none there is no error. */
int unit_bus_stop(UnitBus *bus, const char *unit, Error *error);
