/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "relay.h"

#define CTRL_D 0x04

void relay_init(Relay *r) {
        /* The buffers need no clearing. */
        r->remote = -1;
        r->is_pty = r->read_only = r->detachable = r->input_ended = false;
        r->detach = (Detach){};
        r->in_begin = r->in_end = 0;
}

void relay_set_remote(Relay *r, int fd, bool is_pty) {
        /* A pty's master that blocks in write() could never be read again. */
        (void) fd_set_nonblock(fd, true);
        r->remote = fd;
        r->is_pty = is_pty;
}

/* One read from the remote end, written out whole. 1: something came, 0: nothing
 * waits, -EPIPE: our output is gone, other errors: the remote end is. */
static int copy_out(Relay *r) {
        ssize_t n = read(r->remote, r->out, sizeof(r->out));

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -EIO; /* EIO: no process has the pty open */
        if (n == 0)
                return -EIO;
        return fd_write_all(STDOUT_FILENO, r->out, (size_t) n) < 0 ? -EPIPE : 1;
}

/* Reads what was typed. True: the detach keys were. */
static bool take_input(Relay *r) {
        ssize_t n = read(STDIN_FILENO, r->in, sizeof(r->in));
        size_t size;

        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return false;
        if (n <= 0) {
                r->input_ended = true;
                n = 0;
                if (r->is_pty && !r->read_only)
                        r->in[n++] = CTRL_D;
        }
        size = (size_t) n;
        if (r->detachable && detach_feed(&r->detach, r->in, size, now_usec(CLOCK_MONOTONIC), &size))
                return true;
        r->in_begin = 0;
        r->in_end = r->read_only ? 0 : size;
        return false;
}

static void copy_in(Relay *r) {
        ssize_t n = write(r->remote, r->in + r->in_begin, r->in_end - r->in_begin);

        if (n > 0)
                r->in_begin += (size_t) n;
        else if (errno != EAGAIN && errno != EINTR)
                r->in_begin = r->in_end; /* nobody takes it; its end shows when reading */
        if (r->in_begin == r->in_end)
                r->in_begin = r->in_end = 0;
}

int relay_run(Relay *r, const int *watch, size_t n_watch, size_t *ret_ready) {
        for (;;) {
                struct pollfd p[2 + RELAY_WATCH_MAX] = {};
                bool pending = r->in_end > r->in_begin;

                /* A negative descriptor is one that poll() passes over. */
                p[0].fd = r->remote;
                p[0].events = (short) (POLLIN | (pending ? POLLOUT : 0));
                p[1].fd = r->remote >= 0 && !pending && !r->input_ended && (!r->read_only || r->detachable) ? STDIN_FILENO : -1;
                p[1].events = POLLIN;
                for (size_t i = 0; i < n_watch && i < RELAY_WATCH_MAX; i++) {
                        p[2 + i].fd = watch[i];
                        p[2 + i].events = POLLIN;
                }

                if (poll(p, 2 + n_watch, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                /* Output first: what was printed before an event belongs before it. */
                if (p[0].revents & (POLLIN | POLLHUP | POLLERR)) {
                        int k = copy_out(r);

                        if (k == -EPIPE)
                                return RELAY_OUTPUT_LOST;
                        if (k < 0) {
                                r->remote = -1;
                                return RELAY_ENDED;
                        }
                }
                if (p[0].revents & POLLOUT)
                        copy_in(r);
                if (p[1].revents && take_input(r))
                        return RELAY_DETACHED;
                for (size_t i = 0; i < n_watch; i++)
                        if (p[2 + i].revents) {
                                *ret_ready = i;
                                return RELAY_WATCHED;
                        }
        }
}

void relay_drain(Relay *r) {
        while (r->remote >= 0 && copy_out(r) > 0)
                ;
}
