/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu-log.h"
#include "fd.h"
#include "file.h"
#include "image-directory.h"

#define INVENTORY "inventory.img"

static int open_directory(const char *path, bool create, const char *option, Error *error) {
        int fd, r;

        if (create && (r = file_mkdir_parents(path, 0700)) < 0)
                return error_set_errno(error, r, "%s=%s: creating it", option, path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? error_set_errno(error, errno, "%s=%s", option, path) : fd;
}

static int open_both(const CriuOptions *o, bool create, ImageDirectory *ret, Error *error) {
        int fd = open_directory(o->image_path, create, "--image-path", error);

        if (fd < 0)
                return fd;
        ret->images = fd;
        ret->work_path = o->work_path ?: o->image_path;
        fd = o->work_path ? open_directory(o->work_path, true, "--work-path", error)
                          : fcntl(ret->images, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return o->work_path ? fd : error_set_errno(error, errno, "--image-path=%s", o->image_path);
        ret->work = fd;
        return 0;
}

/* A log of an earlier attempt is not to be taken for this one's, should criu not
 * come as far as to begin one. */
static void forget_log(const ImageDirectory *d, const char *log) {
        (void) unlinkat(d->work, log, 0);
}

int image_directory_create(const CriuOptions *o, ImageDirectory *ret, Error *error) {
        int r = open_both(o, true, ret, error);

        if (r < 0)
                return r;
        if (o->parent_path) {
                _cleanup_fd_ int parent = openat(ret->images, o->parent_path, O_PATH | O_DIRECTORY | O_CLOEXEC);

                if (parent < 0)
                        return error_set_errno(error, errno, "--parent-path=%s: from %s", o->parent_path, o->image_path);
        }
        forget_log(ret, "dump.log");
        return 0;
}

int image_directory_open(const CriuOptions *o, ImageDirectory *ret, Error *error) {
        int r = open_both(o, false, ret, error);

        if (r < 0)
                return r;
        if (faccessat(ret->images, INVENTORY, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return error_set(error, errno, "InvalidCheckpoint", "there is no checkpoint in %s: it has no " INVENTORY,
                                 o->image_path);
        forget_log(ret, "restore.log");
        return 0;
}

int image_directory_admit(const ImageDirectory *d, gid_t gid, Error *error) {
        struct stat st;

        if (fstat(d->images, &st) < 0)
                return error_set_errno(error, errno, "--image-path");
        if ((st.st_mode & S_IXOTH) || (st.st_gid == gid && (st.st_mode & S_IXGRP)))
                return 0;
        /* Somebody's group is not to lose it. */
        if (st.st_mode & S_IRWXG && st.st_gid != gid)
                return error_set(error, EACCES, NULL,
                                 "--image-path: the root of the user namespace has to get in: make it of group %u, with mode 0710",
                                 gid);
        if (fchown(d->images, (uid_t) -1, gid) < 0 || fchmod(d->images, (st.st_mode & 07777) | S_IXGRP) < 0)
                return error_set_errno(error, errno, "--image-path: letting the root of the user namespace in");
        return 0;
}

void image_directory_close(ImageDirectory *d) {
        d->images = fd_close(d->images);
        d->work = fd_close(d->work);
}

uint64_t image_directory_size(const ImageDirectory *d) {
        int copy = openat(d->images, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = copy < 0 ? NULL : fdopendir(copy);
        uint64_t size = 0;
        struct stat st;

        if (!dir) {
                fd_close(copy);
                return 0;
        }
        for (struct dirent *de; (de = readdir(dir));)
                if (fstatat(d->images, de->d_name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISREG(st.st_mode))
                        size += (uint64_t) st.st_size;
        closedir(dir);
        return size;
}

int image_directory_explain(const ImageDirectory *d, const char *log, const char *what, Error *error) {
        _cleanup_error_ Error better = ERROR_INIT;
        char reason[CRIU_LOG_REASON_MAX];
        bool kernel;

        /* What failed on our side is the cause of whatever criu wrote. */
        if (!error_has_name(error, "CriuFailed") || criu_log_reason(d->work, log, reason, &kernel) < 0)
                return error_prefix(error, "%s", what);
        error_set(&better, error->errnum, "CriuFailed", "%s: criu%s: %s (see %s/%s)", what,
                  kernel ? " does not work on this kernel" : "", reason, d->work_path, log);
        return error_move(error, &better);
}
