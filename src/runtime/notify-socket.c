/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fd.h"
#include "mount.h"
#include "notify-socket.h"
#include "socket.h"

#define DIRECTORY "notify"
#define NAME "notify"
#define MESSAGE_MAX 4096

/* sd_notify(3): a path, or with "@" a name in the abstract namespace. */
static const char *given(void) {
        const char *path = getenv("NOTIFY_SOCKET");

        return path && (path[0] == '/' || path[0] == '@') && path[1] != 0 ? path : NULL;
}

static int add_mount(Config *c, const char *source, const char *destination) {
        ConfigMount *mounts = arena_new(&c->arena, ConfigMount, c->n_mounts + 1);

        if (!mounts)
                return -ENOMEM;
        if (c->n_mounts > 0)
                memcpy(mounts, c->mounts, c->n_mounts * sizeof(*mounts));
        mounts[c->n_mounts] = (ConfigMount){
                .destination = destination,
                .source = source,
                /* What is in it is ours to make. A socket can be written to all the same. */
                .options = { .bind = true,
                             .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
        };
        c->mounts = mounts;
        c->n_mounts++;
        return 0;
}

int notify_socket_prepare(Config *c, const Container *container, Error *error) {
        const char *path = given(), *source, *destination;
        int r;

        if (!path)
                return 0;
        /* The same path as outside: crun's, and so its users', habit. */
        destination = path[0] == '/' ? path : "/run/" DIRECTORY;
        source = arena_printf(&c->arena, "%s/" DIRECTORY, container->directory);
        r = !source ? -ENOMEM : mkdirat(container->fd, DIRECTORY, 0755) < 0 ? -errno : 0;
        if (r >= 0)
                r = add_mount(c, source, destination);
        if (r >= 0)
                r = config_set_env(c, "NOTIFY_SOCKET", "%s/" NAME, destination);
        return r < 0 ? error_set_errno(error, r, "preparing the container's NOTIFY_SOCKET") : 0;
}

int notify_socket_open(const Container *c) {
        char path[PATH_MAX];

        if (!given() || faccessat(c->fd, DIRECTORY, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return -EBADF;
        snprintf(path, sizeof(path), "%s/" DIRECTORY "/" NAME, c->directory);
        /* The container's processes are of any user. */
        int fd = socket_listen(path, SOCK_DGRAM, 0666);
        return fd < 0 ? -EBADF : fd;
}

bool notify_socket_is_ready(int fd) {
        char text[MESSAGE_MAX + 1], *save = NULL;
        ssize_t k = recv(fd, text, MESSAGE_MAX, MSG_DONTWAIT);

        if (k <= 0)
                return false;
        text[k] = 0;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                if (streq(line, "READY=1"))
                        return true;
        return false;
}

void notify_socket_tell(pid_t main_pid) {
        _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        const char *path = given();
        char text[64];

        if (fd < 0 || !path || strlen(path) >= sizeof(sa.sun_path))
                return;
        if (main_pid > 0)
                snprintf(text, sizeof(text), "MAINPID=%d\nREADY=1", (int) main_pid);
        else
                strcpy(text, "READY=1");
        strcpy(sa.sun_path, path);
        if (path[0] == '@')
                sa.sun_path[0] = 0;
        (void) sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *) &sa,
                      (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(path)));
}

void notify_socket_wait(int fd, int pidfd, pid_t main_pid) {
        for (;;) {
                struct pollfd p[2] = { { .fd = pidfd, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

                if (poll(p, 2, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return;
                }
                if (p[1].revents != 0 && notify_socket_is_ready(fd)) {
                        notify_socket_tell(main_pid);
                        return;
                }
                if (p[0].revents != 0)
                        return;
        }
}
