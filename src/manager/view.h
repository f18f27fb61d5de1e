/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * lxcfs: whether it is mounted, from the host's table of mounts, which tells when it
 * changes. A container gets its files when it is created, by its monitor, and anew when
 * lxcfs was: the mounts of one that has ended say nothing but ENOTCONN.
 */

#include "manager.h"

/* Begins to watch. What runs gets what changed while no ctrd was there. */
int view_begin(Manager *manager);

/* Refused where LXCFS=yes and there is none. */
int view_check(const Manager *manager, const Settings *settings, Error *error);

/* Once more, where the monitor could not do it when it was asked. */
void view_retry(Container *container);
