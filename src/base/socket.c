/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "fd.h"
#include "socket.h"

/* Fills the address. Where the path is too long, *dir is opened and must stay
 * open until the address has been used. */
static int address_fill(const char *path, struct sockaddr_un *sa, int *dir) {
        *sa = (struct sockaddr_un){ .sun_family = AF_UNIX };

        if (strlen(path) < sizeof(sa->sun_path)) {
                strcpy(sa->sun_path, path);
                return 0;
        }

        char parent[PATH_MAX];
        const char *slash = strrchr(path, '/');
        if (!slash || (size_t) (slash - path) >= sizeof(parent))
                return -ENAMETOOLONG;
        memcpy(parent, path, (size_t) (slash - path));
        parent[slash - path] = 0;

        *dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (*dir < 0)
                return -errno;
        int n = snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", *dir, slash + 1);
        return n < 0 || (size_t) n >= sizeof(sa->sun_path) ? -ENAMETOOLONG : 0;
}

int socket_listen(const char *path, int type, mode_t mode) {
        _cleanup_fd_ int dir = -EBADF, fd = -EBADF;
        struct sockaddr_un sa;
        int r;

        r = address_fill(path, &sa, &dir);
        if (r < 0)
                return r;
        fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (unlink(path) < 0 && errno != ENOENT)
                return -errno;

        /* The mode is the socket's from its first instant: no time in which
         * another user could connect. */
        mode_t old = umask(0777 & ~mode);
        r = bind(fd, (struct sockaddr *) &sa, sizeof(sa));
        umask(old);
        if (r < 0)
                return -errno;
        if (type != SOCK_DGRAM && listen(fd, SOMAXCONN) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int socket_connect(const char *path, int type) {
        _cleanup_fd_ int dir = -EBADF, fd = -EBADF;
        struct sockaddr_un sa;
        int r;

        r = address_fill(path, &sa, &dir);
        if (r < 0)
                return r;
        fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (struct sockaddr *) &sa, sizeof(sa)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int socket_pair(int type, int ret_fds[static 2]) {
        return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ret_fds) < 0 ? -errno : 0;
}
