/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fd.h"
#include "file.h"
#include "strv.h"

int file_read(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_size) {
        _cleanup_fd_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        if (fd < 0)
                return -errno;
        return fd_read_all(fd, max, ret_data, ret_size);
}

int file_read_regular(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_size) {
        _cleanup_fd_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? fd_read_all(fd, max, ret_data, ret_size) : -EBADF;
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

/* An editor's "NAME~" is none. */
static bool is_temporary(const char *name) {
        const char *dot = strrchr(name, '.');
        size_t digits = dot ? strspn(dot + 1, "0123456789") : 0;

        return digits > 0 && dot > name && streq(dot + 1 + digits, "~");
}

int file_remove_temporaries(const char *path) {
        DIR *dir = opendir(path);

        if (!dir)
                return -errno;
        for (struct dirent *de; (de = readdir(dir));)
                if (is_temporary(de->d_name))
                        (void) unlinkat(dirfd(dir), de->d_name, 0);
        closedir(dir);
        return 0;
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

/* Removing a tree. Whoever filled it may have made it deeper than a process has
 * descriptors, and stack: what lies too deep is moved up to the top, and removed
 * from there. */
#define REMOVE_DEPTH_MAX 64

typedef struct Removal {
        int top;
        unsigned next; /* number in the name of what is moved next */
        bool moved;    /* something was: the top is to be read again */
} Removal;

static int remove_children(Removal *removal, int fd, unsigned depth);

/* What is mounted belongs to somebody else. A bind mount may have the device
 * number of what lies around it: it is not compared. */
static int refuse_mount(int fd) {
        struct statx st;

        if (statx(fd, "", AT_EMPTY_PATH, 0, &st) < 0)
                return -errno;
        return st.stx_attributes & STATX_ATTR_MOUNT_ROOT ? -EXDEV : 0;
}

static int open_to_remove(int dirfd, const char *name) {
        _cleanup_fd_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        int r;

        if (fd < 0)
                return -errno;
        r = refuse_mount(fd);
        return r < 0 ? r : TAKE_FD(fd);
}

static int move_to_top(Removal *removal, int dirfd, const char *name) {
        char moved[32];
        int r;

        do {
                snprintf(moved, sizeof(moved), ".moved-%u~", removal->next++);
                r = renameat2(dirfd, name, removal->top, moved, RENAME_NOREPLACE) < 0 ? -errno : 0;
        } while (r == -EEXIST);
        removal->moved = removal->moved || r >= 0;
        return r;
}

static int remove_entry(Removal *removal, int dirfd, const struct dirent *de, unsigned depth) {
        int fd, r;

        if (de->d_type != DT_DIR) {
                if (unlinkat(dirfd, de->d_name, 0) >= 0 || errno == ENOENT)
                        return 0;
                if (errno != EISDIR) /* d_type may be unknown or stale */
                        return -errno;
        }

        if (depth >= REMOVE_DEPTH_MAX)
                return move_to_top(removal, dirfd, de->d_name);
        fd = open_to_remove(dirfd, de->d_name);
        if (fd < 0)
                return fd;
        r = remove_children(removal, fd, depth + 1);
        if (r < 0)
                return r;
        return unlinkat(dirfd, de->d_name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* Takes the descriptor. Goes on after a failure, and returns the first. */
static int remove_children(Removal *removal, int fd, unsigned depth) {
        DIR *dir = fdopendir(fd);
        int first = 0, r;

        if (!dir) {
                r = -errno;
                fd_close(fd);
                return r;
        }
        for (;;) {
                errno = 0;
                struct dirent *de = readdir(dir);
                if (!de) {
                        first = first ?: -errno;
                        break;
                }
                if (streq(de->d_name, ".") || streq(de->d_name, ".."))
                        continue;
                r = remove_entry(removal, dirfd(dir), de, depth);
                if (r < 0)
                        first = first ?: r;
        }
        closedir(dir);
        return first;
}

int file_remove_tree(int dirfd, const char *path) {
        _cleanup_fd_ int fd = -EBADF;
        int first = 0, r;

        if (unlinkat(dirfd, path, 0) >= 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;

        fd = open_to_remove(dirfd, path);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;

        Removal removal = { .top = fd };
        do {
                int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                if (again < 0)
                        return -errno;
                removal.moved = false;
                r = remove_children(&removal, again, 0);
                first = first ?: r;
        } while (removal.moved);
        if (first < 0)
                return first;
        if (unlinkat(dirfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
                return -errno;
        return 0;
}

int file_list_directory(int fd, char ***ret) {
        _cleanup_strv_ char **names = NULL;
        int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
        DIR *dir = copy < 0 ? NULL : fdopendir(copy);
        size_t n = 0, room = 0;

        if (!dir) {
                r = -errno;
                fd_close(copy);
                return r;
        }
        for (struct dirent *de; r >= 0 && (errno = 0, de = readdir(dir));) {
                if (streq(de->d_name, ".") || streq(de->d_name, ".."))
                        continue;
                if (n + 1 >= room) {
                        char **more;

                        room = MAX(room * 2, (size_t) 64);
                        more = reallocarray(names, room, sizeof(char *));
                        if (!more) {
                                r = -ENOMEM;
                                break;
                        }
                        names = more;
                }
                names[n] = strdup(de->d_name);
                r = names[n] ? 0 : -ENOMEM;
                if (r >= 0)
                        names[++n] = NULL;
        }
        if (r >= 0 && errno > 0)
                r = -errno;
        closedir(dir);
        if (r >= 0)
                *ret = TAKE_PTR(names);
        return r;
}
