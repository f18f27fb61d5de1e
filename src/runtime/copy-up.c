/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy-up.h"
#include "fd.h"

#define DEPTH_MAX 128

static int copy_tree(int from, int to, dev_t dev, unsigned depth);

static int copy_data(int in, int out) {
        for (;;) {
                ssize_t k = sendfile(out, in, NULL, 16 * 1024 * 1024);

                if (k == 0)
                        return 0;
                if (k < 0 && errno != EINTR)
                        return -errno;
        }
}

static int copy_file(int from, int to, const char *name, const struct stat *st) {
        _cleanup_fd_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), out = -EBADF;
        int r;

        if (in < 0)
                return -errno;
        out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (out < 0)
                return -errno;
        r = copy_data(in, out);
        if (r < 0)
                return r;
        if (fchown(out, st->st_uid, st->st_gid) < 0 || fchmod(out, st->st_mode & 07777) < 0)
                return -errno;
        return 0;
}

static int copy_link(int from, int to, const char *name, const struct stat *st) {
        char target[PATH_MAX];
        ssize_t k = readlinkat(from, name, target, sizeof(target) - 1);

        if (k < 0)
                return -errno;
        target[k] = 0;
        if (symlinkat(target, to, name) < 0 || fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return 0;
}

static int copy_directory(int from, int to, const char *name, const struct stat *st, dev_t dev, unsigned depth) {
        _cleanup_fd_ int in = -EBADF, out = -EBADF;
        int r;

        if (depth >= DEPTH_MAX)
                return -ELOOP;
        if (mkdirat(to, name, 0700) < 0)
                return -errno;
        in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (in < 0 || out < 0)
                return -errno;
        r = copy_tree(in, out, dev, depth + 1);
        if (r < 0)
                return r;
        if (fchown(out, st->st_uid, st->st_gid) < 0 || fchmod(out, st->st_mode & 07777) < 0)
                return -errno;
        return 0;
}

static int copy_entry(int from, int to, const char *name, dev_t dev, unsigned depth) {
        struct stat st;

        if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (st.st_dev != dev)
                return 0;
        if (S_ISDIR(st.st_mode))
                return copy_directory(from, to, name, &st, dev, depth);
        if (S_ISLNK(st.st_mode))
                return copy_link(from, to, name, &st);
        return S_ISREG(st.st_mode) ? copy_file(from, to, name, &st) : 0;
}

static int copy_tree(int from, int to, dev_t dev, unsigned depth) {
        int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
        DIR *dir;

        if (copy < 0)
                return -errno;
        dir = fdopendir(copy);
        if (!dir) {
                fd_close(copy);
                return -errno;
        }
        for (struct dirent *de; r >= 0 && (de = readdir(dir));)
                if (!streq(de->d_name, ".") && !streq(de->d_name, ".."))
                        r = copy_entry(from, to, de->d_name, dev, depth);
        closedir(dir);
        return r;
}

int copy_up(int from, int to, Error *error) {
        struct stat st;
        int r;

        r = fstat(from, &st) < 0 ? -errno : copy_tree(from, to, st.st_dev, 0);
        /* The mount's own directory takes the owner and mode of the one below. */
        if (r >= 0) {
                _cleanup_fd_ int fd = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                if (fd < 0 || fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, st.st_mode & 07777) < 0)
                        r = -errno;
        }
        return r < 0 ? error_set_errno(error, r, "copying what it covers") : 0;
}
