/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fd.h"
#include "rootpath.h"
#include "target.h"

/* What is mounted over a file of these would be believed to be the kernel's (runc
 * CVE-2019-16884, CVE-2025-52881), wherever a link of the container's has led. */
static bool is_of_the_kernel(int fd) {
        static const uint32_t magics[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP2_SUPER_MAGIC, SECURITYFS_MAGIC, SELINUX_MAGIC,
                                           DEBUGFS_MAGIC, TRACEFS_MAGIC, BPF_FS_MAGIC, DEVPTS_SUPER_MAGIC };
        struct statfs sfs;

        if (fstatfs(fd, &sfs) < 0)
                return true;
        for (size_t i = 0; i < ELEMENTSOF(magics); i++)
                if ((uint32_t) sfs.f_type == magics[i])
                        return true;
        return false;
}

static bool is_same(int a, int b) {
        struct stat x, y;

        return fstat(a, &x) >= 0 && fstat(b, &y) >= 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int target_open(int root, const char *path, bool directory, Error *error) {
        _cleanup_fd_ int fd = rootpath_create(root, path, directory ? S_IFDIR | 0755 : S_IFREG | 0644);
        struct stat st;

        if (fd < 0)
                return error_set_errno(error, fd, "%s cannot be opened or made inside", path);
        if (fstat(fd, &st) < 0)
                return error_set_errno(error, errno, "%s cannot be looked at inside", path);
        if (is_of_the_kernel(fd))
                return error_set(error, EINVAL, "InvalidSettings",
                                 "%s leads to a file system of the kernel's inside: name another place", path);
        if (is_same(fd, root))
                return error_set(error, EINVAL, "InvalidSettings", "%s leads to the root directory inside: name another place", path);
        if (S_ISDIR(st.st_mode) != directory)
                return error_set(error, directory ? ENOTDIR : EISDIR, "InvalidSettings",
                                 directory ? "%s is no directory inside, and what is to be mounted is one"
                                           : "%s is a directory inside, and what is to be mounted is none",
                                 path);
        return TAKE_FD(fd);
}

int target_open_mounted(int root, const char *path, Error *error) {
        _cleanup_fd_ int fd = rootpath_open(root, path, O_PATH, 0);
        struct statx sx;

        if (fd == -ENOENT || fd == -ENOTDIR)
                return error_set(error, ENOENT, NULL, "nothing is mounted on %s inside", path);
        if (fd < 0)
                return error_set_errno(error, fd, "%s cannot be opened inside", path);
        if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &sx) < 0)
                return error_set_errno(error, errno, "%s cannot be looked at inside", path);
        if (!(sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) || is_same(fd, root))
                return error_set(error, ENOENT, NULL, "nothing is mounted on %s inside", path);
        return TAKE_FD(fd);
}

void target_forget(int root, const char *path) {
        const char *name;
        _cleanup_fd_ int parent = rootpath_open_parent(root, path, false, &name);
        struct stat st;

        /* With no more right than root inside has, who can do it as well. */
        if (parent >= 0 && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISREG(st.st_mode) && st.st_size == 0)
                (void) unlinkat(parent, name, 0);
}

int target_unmount(int procfs, int mount, const char *path, Error *error) {
        char link[32];

        /* By a magic link of the host's procfs to that very mount: a path of the container's
         * may be another's by now. */
        snprintf(link, sizeof(link), "self/fd/%d", mount);
        if (fchdir(procfs) < 0 || umount2(link, MNT_DETACH) < 0)
                return error_set_errno(error, errno, "%s cannot be unmounted inside", path);
        return 0;
}
