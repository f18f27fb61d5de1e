/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fd.h"
#include "mount.h"
#include "procfs.h"
#include "rootpath.h"
#include "target.h"
#include "view.h"

static const struct {
        const char *path;
        uint32_t magic; /* of the file system that it must lie on */
} views[] = {
        { "/proc/cpuinfo", PROC_SUPER_MAGIC }, { "/proc/diskstats", PROC_SUPER_MAGIC }, { "/proc/loadavg", PROC_SUPER_MAGIC },
        { "/proc/meminfo", PROC_SUPER_MAGIC }, { "/proc/stat", PROC_SUPER_MAGIC },      { "/proc/swaps", PROC_SUPER_MAGIC },
        { "/proc/uptime", PROC_SUPER_MAGIC },  { "/sys/devices/system/cpu/online", SYSFS_MAGIC },
};

static bool is_on(int fd, uint32_t magic) {
        struct statfs fs;

        return fstatfs(fd, &fs) >= 0 && (uint32_t) fs.f_type == magic;
}

/* A detached mount of one of lxcfs' files, with its own ids: they are for everybody to
 * read, and FUSE takes no id map. -1: there is none. */
static int open_view(const char *source, const char *path) {
        _cleanup_fd_ int fd = -EBADF;
        char from[256];

        snprintf(from, sizeof(from), "%s%s", source, path);
        fd = mount_clone(AT_FDCWD, from, false);
        if (fd < 0 || !is_on(fd, FUSE_SUPER_MAGIC) || mount_set_propagation(fd, MS_PRIVATE, false) < 0 ||
            mount_set_attr(fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0, false) < 0)
                return -1;
        return TAKE_FD(fd);
}

/* Whether something is mounted just there. Of a FUSE that has died nothing more can be
 * asked, not even this without its help, unless it is what is known already. */
static bool is_covered(int fd) {
        struct statx sx;

        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &sx) < 0)
                return errno == ENOTCONN;
        return sx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static int set_one(int procfs, int root, size_t i, int view, Error *error) {
        _cleanup_fd_ int fd = rootpath_open(root, views[i].path, O_PATH | O_NOFOLLOW, 0);
        int r;

        if (fd >= 0 && is_covered(fd)) {
                r = target_unmount(procfs, fd, views[i].path, error);
                if (r < 0)
                        return r;
                fd_close(fd);
                fd = rootpath_open(root, views[i].path, O_PATH | O_NOFOLLOW, 0);
        }
        /* Root inside may have anything in the place of /proc: only the kernel's own files
         * are covered. */
        if (view < 0 || fd < 0 || !is_on(fd, views[i].magic))
                return 0;
        r = mount_attach(view, fd);
        return r < 0 ? error_set_errno(error, r, "nothing can be mounted on %s inside", views[i].path) : 0;
}

int view_set(const Guest *guest, const char *source, Error *error) {
        _cleanup_fd_ int procfs = procfs_open(), root = -EBADF;
        int fds[ELEMENTSOF(views)], r;
        size_t found = 0;

        if (procfs < 0)
                return error_set_errno(error, procfs, "/proc cannot be opened");
        for (size_t i = 0; i < ELEMENTSOF(views); i++) {
                fds[i] = source ? open_view(source, views[i].path) : -1;
                found += fds[i] >= 0;
        }
        r = root = guest_enter(guest, error);
        for (size_t i = 0; i < ELEMENTSOF(views); i++) {
                int q = root < 0 ? 0 : set_one(procfs, root, i, fds[i], error);

                if (q < 0)
                        r = q;
                fd_close(fds[i]);
        }
        /* It has just come, or just gone. */
        if (r >= 0 && source && found == 0)
                return error_set(error, ENOTCONN, NULL, "lxcfs does not answer on %s", source);
        return r < 0 ? r : 0;
}
