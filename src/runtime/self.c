/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "image.h"
#include "mount.h"
#include "procfs.h"
#include "self.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static char **self_argv;
static int self_view = -EBADF; /* of the binary's mount */
static bool self_pending;      /* the exchange is still to be made */

void self_setup(char **argv) {
        self_argv = argv;
}

/* 1: it cannot be written through this descriptor's mount, or at all. */
static int is_protected(int exe) {
        struct statvfs sfs;
        int seals = fcntl(exe, F_GET_SEALS);

        if (seals >= 0 && (seals & SEALS) == SEALS)
                return 1;
        if (fstatvfs(exe, &sfs) < 0)
                return -errno;
        return (sfs.f_flag & ST_RDONLY) != 0;
}

/* Where the binary's mount is none of our namespace's: a sealed copy. */
static int sealed_copy(int exe) {
        _cleanup_fd_ int fd = memfd_create("ctrrun", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
        struct stat st;

        if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
                fd = memfd_create("ctrrun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0 || fstat(exe, &st) < 0)
                return -errno;
        for (off_t offset = 0; offset < st.st_size;)
                if (sendfile(fd, exe, &offset, (size_t) (st.st_size - offset)) <= 0)
                        return errno ? -errno : -EIO;
        return fcntl(fd, F_ADD_SEALS, SEALS) < 0 ? -errno : TAKE_FD(fd);
}

bool self_is_exposed(const IdMap *uids, size_t n_uids, const IdMap *gids, size_t n_gids) {
        struct stat st;
        uint32_t id;

        if (stat("/proc/self/exe", &st) < 0)
                return true;
        return id_map_inside(uids, n_uids, st.st_uid, &id) >= 0 || (st.st_mode & S_IWOTH) ||
               ((st.st_mode & S_IWGRP) && id_map_inside(gids, n_gids, st.st_gid, &id) >= 0);
}

/* The view as a file that is open for reading. Whatever stood at that path, it
 * is the binary, of a mount that is read-only. */
static int open_view(int view) {
        char path[FD_PATH_MAX];
        _cleanup_fd_ int fd = open(fd_path(view, path), O_RDONLY | O_CLOEXEC | O_NOCTTY);
        struct stat st, own;

        if (fd < 0 || fstat(fd, &st) < 0 || fstat(view, &own) < 0)
                return -errno;
        if (st.st_dev != own.st_dev || st.st_ino != own.st_ino || is_protected(fd) <= 0)
                return -ESTALE;
        return TAKE_FD(fd);
}

/* 0 where the process runs from the view now. */
static int go_on_from(int view) {
        _cleanup_fd_ int fd = open_view(view);

        return fd < 0 ? fd : image_exchange(fd);
}

int self_protect(bool alone, Error *error) {
        _cleanup_fd_ int exe = procfs_openat(-1, "self/exe", O_RDONLY, true), view = -EBADF;
        int r;

        r = exe < 0 ? exe : is_protected(exe);
        if (r != 0)
                return r < 0 ? error_set_errno(error, r, "looking at the own binary") : 0;

        view = mount_clone(exe, "", false);
        if (view >= 0 && mount_set_attr(view, MOUNT_ATTR_RDONLY, 0, false) < 0)
                view = fd_close(view);
        self_pending = alone && view >= 0 && image_is_exchangeable();
        if (self_pending) {
                self_view = TAKE_FD(view);
                return 0;
        }
        /* Here the view's descriptor closes, though to wait for that costs more
         * than the rest: a detached mount belongs to a namespace as long as it
         * has one, and whoever may mount anything anywhere, and gets hold of
         * /proc/PID/exe, may make it writable by mount_setattr(2). */
        if (view >= 0 && go_on_from(view) >= 0)
                return 0;
        if (view < 0)
                view = sealed_copy(exe);
        if (view < 0)
                return error_set_errno(error, view, "making a read-only view of the own binary");
        /* The descriptor closes: then the mount is no part of any namespace,
         * and its attributes cannot be changed by anybody. */
        (void) syscall(SYS_execveat, view, "", self_argv, environ, AT_EMPTY_PATH);
        return error_set_errno(error, errno, "executing the own binary anew");
}

int self_enter(Error *error) {
        int r = self_pending ? go_on_from(self_view) : 0;

        self_release();
        return r < 0 ? error_set_errno(error, r, "changing to a read-only view of the own binary") : 0;
}

void self_release(void) {
        self_view = fd_close(self_view);
}
