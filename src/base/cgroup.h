/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Control groups, version 2. Paths are those that /proc/PID/cgroup shows:
 * absolute from the root of the cgroup2 mount ("/machine.slice/x.scope").
 * Nothing here believes a cgroup that a container may write into: ".." is
 * refused, and trees are walked by descriptor.
 */

#include <sys/types.h>

#include "macro.h"

/* Where cgroup2 is mounted: /sys/fs/cgroup or /sys/fs/cgroup/unified where it
 * usually is, else what mountinfo says. Static; NULL where there is none. */
const char *cgroup_mount_point(void);

/* The v2 path of a process; pid 0: the caller. -ENODATA where it has none. */
int cgroup_of_pid(pid_t pid, char **ret);

/* Whether a path is absolute and has no empty, "." or ".." component. "/" is
 * the root. */
bool cgroup_path_is_valid(const char *path);

/* Opens the directory of a cgroup. A descriptor or a negative errno. */
int cgroup_open(const char *path);

/* Makes a cgroup and its parents, and opens it. In *ret_n_created: how many
 * of the last components were made (0: it existed), so that exactly these
 * can be removed again with cgroup_remove_created(). May be NULL. */
int cgroup_create(const char *path, unsigned *ret_n_created);

/* The same below a cgroup that must be there, or -ENOENT: one that is being removed
 * is not made again. below: relative, without dots. */
int cgroup_create_below(const char *path, const char *below, unsigned *ret_n_created);

/* Makes a cgroup that nobody knows beforehand: prefix and a random number, below one that
 * must be there, in which others may make and remove as they like. Its name, to be freed,
 * is in *ret_name. */
int cgroup_create_random(const char *path, const char *prefix, char **ret_name);

/* Removes what cgroup_create() made: the cgroup itself with all below it, and
 * the parents that were made with it, unless others have cgroups there now. */
int cgroup_remove_created(const char *path, unsigned n_created);

/* Whether a controller is in cgroup.controllers of this cgroup. 1, 0 or
 * a negative errno. */
int cgroup_has_controller(int fd, const char *controller);

/* Enables controllers ("+memory +pids") for the children of a cgroup; each
 * one on its own, so that a missing one does not stop the others. Returns 0,
 * or the first failure (-ENOENT: no such controller; -EBUSY: the cgroup has
 * processes of its own). */
int cgroup_enable(int fd, const char *const *controllers);

/* Moves a process (0: the caller) into a cgroup. */
int cgroup_attach(int fd, pid_t pid);

int cgroup_read(int fd, const char *file, char **ret);
int cgroup_write(int fd, const char *file, const char *text);

/* Kills every process in the cgroup and below it: cgroup.kill, or where that
 * is missing (before Linux 5.14) each process by its pid. */
int cgroup_kill(int fd);

/* Sends a signal to every process that is in the cgroup and below it now. */
int cgroup_signal(int fd, int sig);

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

/* The pids of all processes in it and below it, as the caller's pid namespace has
 * them; those of others are left out. In *ret, to be freed, *ret_n of them. */
int cgroup_list_processes(int fd, pid_t **ret, size_t *ret_n);

/* Removes a cgroup and all below it; none there is no error. -EBUSY while
 * there are processes in it. */
int cgroup_remove(const char *path);
