/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "fd.h"
#include "pump.h"

#define WATCH_MAX 4

int pumps_new(Pump pumps[static PUMPS_MAX], int ret_streams[static 3]) {
        size_t n = 0;

        for (int fd = 0; fd < 3; fd++) {
                int pair[2];

                /* Opens the lowest that is free: this one. */
                if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
                        return -EBADF;
                ret_streams[fd] = fd;
                if (!isatty(fd))
                        continue;
                if (pipe2(pair, O_CLOEXEC) < 0) {
                        int r = -errno;

                        pumps_end(pumps, n);
                        return r;
                }
                pumps[n] = fd == STDIN_FILENO ? (Pump){ .from = fd, .to = pair[1], .remote = pair[0] }
                                              : (Pump){ .from = pair[0], .to = fd, .remote = pair[1] };
                /* Our end only: the command's must block as usual. */
                (void) fd_set_nonblock(fd == STDIN_FILENO ? pair[1] : pair[0], true);
                ret_streams[fd] = pumps[n++].remote;
        }
        return (int) n;
}

void pumps_handed_over(Pump *pumps, size_t n) {
        for (size_t i = 0; i < n; i++)
                pumps[i].remote = fd_close(pumps[i].remote);
}

/* Closes what is the pump's own. */
static void pump_close(Pump *p) {
        if (p->from > STDERR_FILENO)
                fd_close(p->from);
        if (p->to > STDERR_FILENO)
                fd_close(p->to);
        p->from = p->to = -1;
}

/* One piece. PIPE_BUF of it fit into a pipe that poll() calls writable. */
static bool pump_copy(Pump *p) {
        char data[PIPE_BUF];
        ssize_t n = read(p->from, data, sizeof(data));

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        if (n <= 0 || fd_write_all(p->to, data, (size_t) n) < 0) {
                pump_close(p);
                return false;
        }
        return true;
}

static bool has_room(int fd) {
        struct pollfd p = { .fd = fd, .events = POLLOUT };

        return poll(&p, 1, 0) > 0;
}

/* What poll() said of one pump: of its source, and of its pipe where it writes
 * into one. */
static void pump_step(Pump *p, const struct pollfd *source, const struct pollfd *sink) {
        if (sink->revents & POLLERR) {
                pump_close(p); /* nobody reads any more: there is nothing to copy for */
                return;
        }
        if (sink->revents & POLLOUT)
                p->full = false;
        if (!source->revents)
                return;
        if (p->to > STDERR_FILENO && !has_room(p->to))
                p->full = true;
        else
                (void) pump_copy(p);
}

int pumps_run(Pump *pumps, size_t n, const int *watch, size_t n_watch) {
        for (;;) {
                struct pollfd p[WATCH_MAX + 2 * PUMPS_MAX] = {};
                struct pollfd *q = p + n_watch;

                for (size_t i = 0; i < n_watch; i++)
                        p[i] = (struct pollfd){ .fd = watch[i], .events = POLLIN };
                for (size_t i = 0; i < n; i++) {
                        const Pump *u = &pumps[i];

                        q[2 * i] = (struct pollfd){ .fd = u->full ? -1 : u->from, .events = POLLIN };
                        q[2 * i + 1] = (struct pollfd){ .fd = u->to > STDERR_FILENO ? u->to : -1,
                                                        .events = u->full ? POLLOUT : 0 };
                }
                if (poll(p, n_watch + 2 * n, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                for (size_t i = 0; i < n; i++)
                        pump_step(&pumps[i], &q[2 * i], &q[2 * i + 1]);
                for (size_t i = 0; i < n_watch; i++)
                        if (p[i].revents)
                                return (int) i;
        }
}

void pumps_end(Pump *pumps, size_t n) {
        for (size_t i = 0; i < n; i++) {
                pumps[i].remote = fd_close(pumps[i].remote);
                if (pumps[i].from < 0)
                        continue;
                if (pumps[i].to <= STDERR_FILENO)
                        while (pumps[i].from >= 0 && pump_copy(&pumps[i]))
                                ;
                pump_close(&pumps[i]);
        }
}
