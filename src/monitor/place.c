/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "place.h"
#include "rootpath.h"

int place_open(Place *place) {
        place->root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return place->root < 0 ? -errno : 0;
}

void place_close(Place *place) {
        place->root = fd_close(place->root);
}

static int open_directory(const Place *place, const char *path) {
        return rootpath_open_beneath(place->root, *path ? path : ".", O_PATH | O_DIRECTORY);
}

/* Each part that is missing; the path is whole again afterwards. */
static int make_directories(const Place *place, char *path) {
        int r = 0;

        for (char *slash = path; r >= 0 && slash;) {
                _cleanup_fd_ int dir = -EBADF;
                char *name = slash == path ? path : slash + 1;

                if (slash != path)
                        *slash = 0;
                r = dir = open_directory(place, slash == path ? "" : path);
                if (slash != path)
                        *slash = '/';
                if (r < 0)
                        break;
                slash = strchr(name, '/');
                if (slash)
                        *slash = 0;
                r = mkdirat(dir, name, 0777) < 0 && errno != EEXIST ? -errno : 0;
                if (slash)
                        *slash = '/';
        }
        return r;
}

int place_enter(Place *place, const char *path) {
        _cleanup_fd_ int fd = open_directory(place, path);

        if (fd < 0 || strlen(path) > ARCHIVE_PATH_MAX)
                return fd < 0 ? fd : -ENAMETOOLONG;
        if (fchdir(fd) < 0)
                return -errno;
        strcpy(place->at, path);
        return 0;
}

int place_enter_parent(Place *place, const char *path, const char **ret_name) {
        const char *slash = strrchr(path, '/');
        size_t n = slash ? (size_t) (slash - path) : 0;
        char parent[ARCHIVE_PATH_MAX + 1];
        int r = 0;

        if (n > ARCHIVE_PATH_MAX)
                return -ENAMETOOLONG;
        memcpy(parent, path, n);
        parent[n] = 0;
        if (!streq(parent, place->at)) {
                r = place_enter(place, parent);
                if (r == -ENOENT) {
                        r = make_directories(place, parent);
                        if (r >= 0)
                                r = place_enter(place, parent);
                }
        }
        if (r >= 0)
                *ret_name = slash ? slash + 1 : path;
        return r;
}

int place_link(Place *place, const char *path, const char *name) {
        const char *slash = strrchr(path, '/');
        char parent[ARCHIVE_PATH_MAX + 1];
        _cleanup_fd_ int fd = -EBADF;
        size_t n = slash ? (size_t) (slash - path) : 0;

        if (n > ARCHIVE_PATH_MAX)
                return -ENAMETOOLONG;
        memcpy(parent, path, n);
        parent[n] = 0;
        fd = open_directory(place, parent);
        if (fd < 0)
                return fd;
        return linkat(fd, slash ? slash + 1 : path, AT_FDCWD, name, 0) < 0 ? -errno : 0;
}
