/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "rootpath.h"

#define SYMLINKS_MAX 40 /* as path_resolution(7) */

static int open_resolved(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve) {
        struct open_how how = {
                .flags = (uint64_t) (flags | O_CLOEXEC),
                .mode = mode,
                .resolve = resolve,
        };
        int fd;

        /* -EAGAIN: something was renamed or mounted while ".." was resolved,
         * and the kernel could not tell that the path stayed within. */
        for (unsigned attempt = 0; attempt < 128; attempt++) {
                fd = (int) syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
                if (fd >= 0)
                        return fd;
                if (errno != EAGAIN && errno != EINTR)
                        break;
        }
        return -errno;
}

int rootpath_open(int root, const char *path, int flags, mode_t mode) {
        if (path[0] == 0)
                path = ".";
        return open_resolved(root, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int rootpath_open_beneath(int dir, const char *path, int flags) {
        return open_resolved(dir, path, flags | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/* Where a walk stands: a directory, by descriptor and by its path from the
 * root (for ".."), and what is still to be walked. */
typedef struct Walk {
        int root;
        int dir; /* -EBADF: the root */
        unsigned n_symlinks;
        char done[PATH_MAX];
        char pending[PATH_MAX];
} Walk;

static int walk_dir(const Walk *w) {
        return w->dir >= 0 ? w->dir : w->root;
}

static void walk_to_root(Walk *w) {
        w->dir = fd_close(w->dir);
        w->done[0] = 0;
}

static int walk_up(Walk *w) {
        char *slash = strrchr(w->done, '/');
        int fd;

        if (!slash || slash == w->done) {
                walk_to_root(w);
                return 0;
        }
        *slash = 0;
        fd = open_resolved(w->root, w->done, O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
        if (fd < 0)
                return fd;
        fd_close(w->dir);
        w->dir = fd;
        return 0;
}

static int walk_into(Walk *w, const char *name, int fd) {
        size_t n = strlen(w->done), m = strlen(name);

        if (n + 1 + m >= sizeof(w->done)) {
                fd_close(fd);
                return -ENAMETOOLONG;
        }
        w->done[n] = '/';
        memcpy(w->done + n + 1, name, m + 1);
        fd_close(w->dir);
        w->dir = fd;
        return 0;
}

/* Puts the target of a symlink before what is pending. */
static int walk_symlink(Walk *w, int fd) {
        char target[PATH_MAX], rest[PATH_MAX];
        ssize_t k;

        if (++w->n_symlinks > SYMLINKS_MAX)
                return -ELOOP;
        k = readlinkat(fd, "", target, sizeof(target) - 1);
        if (k < 0)
                return -errno;
        if (k == 0)
                return -ENOENT;
        target[k] = 0;

        if (target[0] == '/')
                walk_to_root(w);
        memcpy(rest, w->pending, strlen(w->pending) + 1);
        k = snprintf(w->pending, sizeof(w->pending), "%s/%s", target, rest);
        return k < 0 || (size_t) k >= sizeof(w->pending) ? -ENAMETOOLONG : 0;
}

/* Cuts the first component off what is pending; its length, 0 at the end. */
static size_t walk_next(Walk *w, char name[static NAME_MAX + 1], bool *ret_last) {
        char *p = w->pending + strspn(w->pending, "/");
        size_t n = strcspn(p, "/");

        if (n > NAME_MAX)
                return n;
        memcpy(name, p, n);
        name[n] = 0;
        p += n;
        *ret_last = p[strspn(p, "/")] == 0;
        memmove(w->pending, p, strlen(p) + 1);
        return n;
}

static int create_component(int dir, const char *name, mode_t mode) {
        int r = S_ISDIR(mode) ? mkdirat(dir, name, mode & 07777) : mknodat(dir, name, S_IFREG | (mode & 07777), 0);

        return r < 0 && errno != EEXIST ? -errno : 0;
}

/* One component: opened without following it, created where it is missing. */
static int walk_step(Walk *w, const char *name, mode_t mode) {
        const uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
        int dir = walk_dir(w), fd, r;
        struct stat st;

        fd = open_resolved(dir, name, O_PATH | O_NOFOLLOW, 0, resolve);
        if (fd == -ENOENT) {
                r = create_component(dir, name, mode);
                if (r < 0)
                        return r;
                fd = open_resolved(dir, name, O_PATH | O_NOFOLLOW, 0, resolve);
        }
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0) {
                r = -errno;
                fd_close(fd);
                return r;
        }
        if (!S_ISLNK(st.st_mode))
                return walk_into(w, name, fd);

        r = walk_symlink(w, fd);
        fd_close(fd);
        return r;
}

static int walk_create(Walk *w, mode_t mode) {
        char name[NAME_MAX + 1];
        bool last;
        size_t n;
        int r;

        while ((n = walk_next(w, name, &last)) > 0) {
                if (n > NAME_MAX)
                        return -ENAMETOOLONG;
                if (streq(name, "."))
                        continue;
                r = streq(name, "..") ? walk_up(w) : walk_step(w, name, last ? mode : S_IFDIR | 0755);
                if (r < 0)
                        return r;
        }
        return 0;
}

int rootpath_create(int root, const char *path, mode_t mode) {
        _cleanup_free_ Walk *w = NULL;
        int fd, r;

        fd = rootpath_open(root, path, O_PATH, 0);
        if (fd != -ENOENT)
                return fd;
        if (strlen(path) >= sizeof(w->pending))
                return -ENAMETOOLONG;

        w = malloc(sizeof(*w));
        if (!w)
                return -ENOMEM;
        w->root = root;
        w->dir = -EBADF;
        w->n_symlinks = 0;
        w->done[0] = 0;
        strcpy(w->pending, path);

        r = walk_create(w, mode);
        if (r < 0) {
                fd_close(w->dir);
                return r;
        }
        return w->dir >= 0 ? w->dir : open_resolved(root, ".", O_PATH, 0, RESOLVE_IN_ROOT);
}

int rootpath_open_parent(int root, const char *path, bool create, const char **ret_name) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        char parent[PATH_MAX];
        size_t n = slash ? (size_t) (slash - path) : 0;
        int fd;

        if (*name == 0 || streq(name, ".") || streq(name, ".."))
                return -EISDIR;
        if (n >= sizeof(parent))
                return -ENAMETOOLONG;
        memcpy(parent, path, n);
        parent[n] = 0;

        fd = create ? rootpath_create(root, n > 0 ? parent : ".", S_IFDIR | 0755)
                    : rootpath_open(root, n > 0 ? parent : ".", O_PATH | O_DIRECTORY, 0);
        if (fd >= 0)
                *ret_name = name;
        return fd;
}
