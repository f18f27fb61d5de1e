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

/* How deep a tree is walked: a container can make one that is deeper. */
#define CGROUP_DEPTH_MAX 64

/* Calls func for each cgroup directly below, until it returns a negative errno, which is
 * returned. */
int cgroup_for_each_child(int fd, int (*func)(int parent, int child, const char *name, void *arg), void *arg);

int cgroup_read(int fd, const char *file, char **ret);
int cgroup_write(int fd, const char *file, const char *text);

/* Removes a cgroup and all below it; none there is no error. -EBUSY while
 * there are processes in it. */
int cgroup_remove(const char *path);
