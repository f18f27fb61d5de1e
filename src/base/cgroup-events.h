/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What cgroup.events says of a control group and all below it: whether anybody
 * is there, and whether they are frozen.
 */

#include "macro.h"

/* Waits until no process is left in the cgroup and below it. -ETIMEDOUT. */
int cgroup_wait_empty(int fd, uint64_t timeout_usec);

/* 1 where there are processes in it or below it, 0 where not. */
int cgroup_is_populated(int fd);

/* Freezes or thaws all that is in it and below it, and waits until that is done:
 * a task in the kernel's hands may take its time (-ETIMEDOUT; it goes on). -ENOENT
 * before Linux 5.2. */
int cgroup_set_frozen(int fd, bool frozen, uint64_t timeout_usec);

/* 1 where all in it and below it is frozen, by whatever cgroup above too. */
int cgroup_is_frozen(int fd);

/* A group below that is not frozen, opened; -ENOENT where there is none in the 64 levels
 * that are looked at. The kernel says of
 * a group with processes of its own that it is frozen as soon as these are, whatever
 * becomes of the groups below it (cgroup_update_frozen()). */
int cgroup_find_thawed(int fd);

/* Whether an open cgroup.events has these words in it, such as "frozen 1": 1, 0, -ENODEV
 * where the cgroup is gone, or another negative errno. What poll(2) reports of the
 * descriptor is acknowledged with it. */
int cgroup_events_say(int events, const char *words);
