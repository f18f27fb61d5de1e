/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container's root file system: put in place, filled, made "/". Runs in
 * the child, in its namespaces. root is a descriptor of the root throughout;
 * every path in it goes through rootpath.h.
 */

#include "launch.h"
#include "mount.h"

/* Cuts the mount namespace off from the host's propagation and attaches the
 * root in it. */
int rootfs_attach(const Launch *l, Error *error);

/* pivot_root(2), or with no_pivot chroot(2). */
int rootfs_enter(const Launch *l, Error *error);

/* Whether a mount becomes read-only only when all is there: a new tmpfs, in which
 * others are mounted (/dev and what is below it). */
static inline bool rootfs_is_late(const ConfigMount *m) {
        return !m->options.bind && !m->options.remount && streq_ptr(m->type, "tmpfs") &&
               ((m->options.set | m->options.recursive_set) & MOUNT_ATTR_RDONLY);
}

/* Read-only and propagation of the root, after everything in it is there. */
int rootfs_finish(const Launch *l, Error *error);

/* rootpath_create() in the container's root, also where that is read-only
 * already. */
int rootfs_create(const Launch *l, const char *path, mode_t mode);

/* Mounts the config's mounts, in order; what they are is in l->mounts then. */
int filesystem_mount_all(const Launch *l, Error *error);

/* The container's own procfs where the config mounts one, else the host's. A
 * descriptor that is l's. */
int filesystem_procfs(const Launch *l);

/* What was mounted on an absolute path last, a descriptor that is l's; or -1. */
int filesystem_mounted_on(const Launch *l, const char *path);

/* Of those that the container may not make itself, as in a user namespace, clones
 * that the runtime makes for it. */
int device_open_all(Launch *l, Error *error);

/* The default devices and symlinks of /dev, and the config's. */
int device_create_all(const Launch *l, Error *error);

/* A detached clone of a device node of the host's, checked to be that device:
 * /dev may have been tampered with where we run in a container ourselves. */
int device_clone(const char *path, mode_t type, dev_t device);

/* The devices to be made: the defaults (first) or the config's; NULL past the
 * end. The same order as Launch.devices. */
const ConfigDevice *device_get(const Config *c, size_t i);
size_t device_count(const Config *c);

/* Whether /dev is the container's own (not a bind of some /dev). */
bool device_is_wanted(const Config *c);

/* Masked and read-only paths. */
int cover_paths(const Launch *l, Error *error);

/* Connects to where a console's master is to be sent. */
int console_connect(const char *path, Error *error);

/* A pty of the container's devpts, /dev/console on it, the master sent over
 * console_socket. The slave is returned. */
int console_create(int root, int console_socket, const ConfigProcess *p, bool bind_console, Error *error);

/* Makes the slave the controlling terminal and 0, 1, 2. */
int console_take(int slave, Error *error);
