/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fd.h"
#include "file.h"

int file_read(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_size) {
        _cleanup_fd_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        if (fd < 0)
                return -errno;
        return fd_read_all(fd, max, ret_data, ret_size);
}

int file_read_line(int dirfd, const char *path, char **ret) {
        _cleanup_free_ char *data = NULL;
        int r;

        r = file_read(dirfd, path, 64 * 1024, &data, NULL);
        if (r < 0)
                return r;
        data[strcspn(data, "\n")] = 0;
        *ret = TAKE_PTR(data);
        return 0;
}

int file_write(int dirfd, const char *path, const char *text) {
        _cleanup_fd_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        size_t n = strlen(text);

        if (fd < 0)
                return -errno;
        ssize_t k = write(fd, text, n);
        if (k < 0)
                return -errno;
        return (size_t) k == n ? 0 : -EIO;
}

int file_write_atomic(int dirfd, const char *path, const void *data, size_t n, mode_t mode) {
        char temporary[PATH_MAX];
        int r;

        /* The name need not be secret: the directories that this writes to are
         * ours alone. It must be unique among threads of one process only. */
        r = snprintf(temporary, sizeof(temporary), "%s.%d~", path, (int) getpid());
        if (r < 0 || (size_t) r >= sizeof(temporary))
                return -ENAMETOOLONG;

        (void) unlinkat(dirfd, temporary, 0);
        _cleanup_fd_ int fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;

        r = fd_write_all(fd, data, n);
        if (r >= 0 && fchmod(fd, mode) < 0)
                r = -errno;
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(dirfd, temporary, dirfd, path) < 0)
                r = -errno;
        if (r < 0)
                (void) unlinkat(dirfd, temporary, 0);
        return r < 0 ? r : 0;
}

int file_mkdir_parents(const char *path, mode_t mode) {
        char copy[PATH_MAX];
        size_t n = strlen(path);

        if (n == 0 || n >= sizeof(copy))
                return n == 0 ? -EINVAL : -ENAMETOOLONG;
        memcpy(copy, path, n + 1);

        for (char *p = copy + 1;; p++) {
                if (*p != '/' && *p != 0)
                        continue;

                char c = *p;
                *p = 0;
                if (mkdir(copy, mode) < 0 && errno != EEXIST)
                        return -errno;
                *p = c;
                if (c == 0)
                        break;
        }

        struct stat st;
        if (stat(path, &st) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int remove_children(int fd, dev_t dev) {
        _cleanup_fd_ int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int first = 0;

        if (copy < 0)
                return -errno;

        DIR *dir = fdopendir(copy);
        if (!dir)
                return -errno;
        (void) TAKE_FD(copy);

        for (;;) {
                errno = 0;
                struct dirent *de = readdir(dir);
                if (!de) {
                        if (errno != 0 && first == 0)
                                first = -errno;
                        break;
                }
                if (streq(de->d_name, ".") || streq(de->d_name, ".."))
                        continue;

                if (de->d_type != DT_DIR) {
                        if (unlinkat(fd, de->d_name, 0) >= 0 || errno == ENOENT)
                                continue;
                        if (errno != EISDIR) { /* d_type may be unknown or stale */
                                first = first ?: -errno;
                                continue;
                        }
                }

                _cleanup_fd_ int child = openat(fd, de->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
                struct stat st;
                int r = 0;

                if (child < 0 || fstat(child, &st) < 0)
                        r = -errno;
                else if (st.st_dev != dev)
                        r = -EXDEV;
                else
                        r = remove_children(child, dev);
                if (r >= 0 && unlinkat(fd, de->d_name, AT_REMOVEDIR) < 0)
                        r = -errno;
                if (r < 0 && first == 0)
                        first = r;
        }

        closedir(dir);
        return first;
}

int file_remove_tree(int dirfd, const char *path) {
        if (unlinkat(dirfd, path, 0) >= 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;

        _cleanup_fd_ int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;
        int r;

        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        r = remove_children(fd, st.st_dev);
        if (r < 0)
                return r;
        if (unlinkat(dirfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
                return -errno;
        return 0;
}
