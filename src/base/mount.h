/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Mounts by descriptor: typed wrappers of open_tree(2), move_mount(2),
 * mount_setattr(2) and the fsopen(2) family. A mount is made detached, gets
 * its attributes and its id map while nobody can see it, and is attached to a
 * target that is a descriptor too, so that no path is resolved twice.
 */

#include <sys/mount.h>
#include <sys/types.h>

#include "error.h"
#include "macro.h"

/* The VFS attributes that a mount has of itself (MOUNT_ATTR_…); those of
 * access time are a field and must be cleared as one. */
#define MOUNT_ATTR_ALL                                                                                       \
        (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR__ATIME | \
         MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW)

/* A detached clone (bind mount) of what path names below dirfd, or of dirfd
 * itself where path is "". recursive: with the mounts below it. A symlink at
 * the end is followed. Returns a descriptor or a negative errno. */
int mount_clone(int dirfd, const char *path, bool recursive);

/* Attaches a detached mount (or moves an attached one) onto target. */
int mount_attach(int mount_fd, int target_fd);
int mount_attach_at(int mount_fd, int dirfd, const char *path);

/* Sets and clears MOUNT_ATTR_… of a mount, or of the whole tree. */
int mount_set_attr(int mount_fd, uint64_t set, uint64_t clear, bool recursive);

/* MS_PRIVATE, MS_SHARED, MS_SLAVE or MS_UNBINDABLE. */
int mount_set_propagation(int mount_fd, unsigned long propagation, bool recursive);

/* Gives a detached mount the id map of a user namespace. -EINVAL where the
 * file system cannot (overlay; tmpfs before Linux 6.3). */
int mount_idmap(int mount_fd, int userns_fd, bool recursive);

/* Makes a device node and returns a detached clone of it, where it can be opened
 * although devices are forbidden where it is made. It stays there, as what is bound
 * must have a name; -EEXIST where there is one. mode: type and permissions. */
int mount_new_node(int dirfd, const char *name, mode_t mode, dev_t number, uid_t uid, gid_t gid);

/* The name of the type of the file system that a descriptor is on, "0x…" where
 * it is not known here. */
#define MOUNT_TYPE_NAME_MAX 24
const char *mount_type_name(int fd, char buffer[static MOUNT_TYPE_NAME_MAX]);

/* Whether anything is mounted below a directory, in this process's mount
 * namespace. 1, 0 or a negative errno. */
int mount_has_submounts(int fd);

/* Makes a new file system instance, detached. options: a NULL-terminated list
 * of "key=value" and "flag"; attr: MOUNT_ATTR_…. What the kernel says of the
 * cause is in the error. Returns a descriptor or a negative errno. */
int mount_new(const char *type, const char *source, char *const *options, uint64_t attr, Error *error);
