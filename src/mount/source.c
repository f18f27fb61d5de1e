/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fd.h"
#include "mount.h"
#include "source.h"

static int map_ids(const Guest *guest, int fd, const char *path, bool recursive, Error *error) {
        char name[MOUNT_TYPE_NAME_MAX];
        int r = guest->userns < 0 ? 0 : mount_idmap(fd, guest->userns, recursive);

        if (r >= 0)
                return 0;
        if (recursive && mount_idmap(fd, guest->userns, false) >= 0)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "what is mounted below %s cannot be id-mapped: bind without it, by norbind", path);
        if (r == -EINVAL || r == -EOPNOTSUPP)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "%s is on a file system of type %s, which cannot be id-mapped on this kernel: "
                                 "move it to ext4, xfs or btrfs (tmpfs from Linux 6.3)",
                                 path, mount_type_name(fd, name));
        if (r == -EPERM)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "%s, of type %s, is mounted with an id map already, or by another user namespace: "
                                 "bind what that is made from",
                                 path, mount_type_name(fd, name));
        return error_set_errno(error, r, "%s cannot be id-mapped", path);
}

int source_bind(const Guest *guest, const char *path, bool recursive, bool read_only, Error *error) {
        const uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (read_only ? MOUNT_ATTR_RDONLY : 0);
        _cleanup_fd_ int fd = mount_clone(AT_FDCWD, path, recursive);
        int r;

        if (fd < 0)
                return error_set_errno(error, fd, "%s cannot be bound", path);
        /* Nothing that is mounted on either side reaches the other. */
        r = mount_set_propagation(fd, MS_PRIVATE, true);
        if (r >= 0)
                r = mount_set_attr(fd, attributes, 0, recursive);
        if (r < 0)
                return error_set_errno(error, r, "%s cannot be bound: setting its options", path);
        r = map_ids(guest, fd, path, recursive, error);
        return r < 0 ? r : TAKE_FD(fd);
}

/* By its numbers: the same for each that is like it. */
static void node_name(const struct stat *st, char ret[static 48]) {
        snprintf(ret, 48, "device-%c-%u-%u", S_ISBLK(st->st_mode) ? 'b' : 'c', major(st->st_rdev), minor(st->st_rdev));
}

int source_device(const Guest *guest, const char *path, const char *directory, Error *error) {
        _cleanup_fd_ int place = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        char name[48];
        int fd;

        if (place < 0)
                return error_set_errno(error, errno, "the directory %s cannot be opened", directory);
        if (stat(path, &st) < 0)
                return error_set_errno(error, errno, "the device %s cannot be looked at", path);
        if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
                return error_set(error, ENOTBLK, "InvalidSettings", "%s is no device", path);
        node_name(&st, name);
        /* One that is bound already is in use there, and needs no name for that. */
        (void) unlinkat(place, name, 0);
        /* As the runtime has it at a start. */
        fd = mount_new_node(place, name, (st.st_mode & S_IFMT) | (st.st_mode & 0666), st.st_rdev, guest->uid, guest->gid);
        return fd < 0 ? error_set_errno(error, fd, "a node like %s cannot be made", path) : fd;
}

void source_forget_device(const char *path, const char *directory) {
        _cleanup_fd_ int place = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        char name[48];

        if (place < 0 || stat(path, &st) < 0)
                return;
        node_name(&st, name);
        (void) unlinkat(place, name, 0);
}
