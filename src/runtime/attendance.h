/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What init waits for while it sets itself up, and only the runtime can do, as it
 * is outside: id maps, the cgroup, network devices, clocks, hooks, limits.
 */

#include "creation.h"
#include "launch.h"

/* All of it, in init's order, until it is ready. Errors of init's come as it
 * sent them. */
int attendance_run(const Launch *l, Creation *creation, Placement *p, Error *error);
