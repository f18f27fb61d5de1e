/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/ioctl.h>
#include <sys/socket.h>

#include "fd.h"
#include "socket.h"
#include "terminal.h"

/* Only the master of a Unix98 pty answers TIOCGPTN. */
static bool fd_is_pty_master(int fd) {
        int number;

        return ioctl(fd, TIOCGPTN, &number) >= 0;
}

static void terminal_receive(void *userdata, uint32_t events) {
        Terminal *terminal = userdata;
        int master = -EBADF;
        size_t n_fds = 0;
        char name[256];
        ssize_t k;

        k = fd_receive(terminal->connection, name, sizeof(name), &master, 1, &n_fds);
        if (k == -EAGAIN)
                return;

        source_remove(&terminal->source);
        terminal->connection = fd_close(terminal->connection);
        if (k <= 0 || n_fds == 0)
                return;
        if (!fd_is_pty_master(master) || fd_set_nonblock(master, true) < 0) {
                fd_close(master);
                return;
        }
        terminal->handler(terminal->userdata, master);
}

static void terminal_accept(void *userdata, uint32_t events) {
        Terminal *terminal = userdata;
        int fd;

        fd = accept4(terminal->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
                return;

        source_remove(&terminal->source);
        terminal->listener = fd_close(terminal->listener);
        terminal->connection = fd;
        if (source_add(&terminal->source, terminal->loop, fd, EPOLLIN, terminal_receive, terminal) < 0)
                terminal->connection = fd_close(fd);
}

int terminal_open(Terminal *terminal, Loop *loop, const char *path, TerminalHandler handler, void *userdata) {
        int r;

        terminal_close(terminal);
        terminal->loop = loop;
        terminal->handler = handler;
        terminal->userdata = userdata;
        terminal->path = strdup(path);
        if (!terminal->path)
                return -ENOMEM;
        r = socket_listen(path, SOCK_STREAM, 0600);
        if (r >= 0) {
                terminal->listener = r;
                r = source_add(&terminal->source, loop, terminal->listener, EPOLLIN, terminal_accept, terminal);
        }
        if (r < 0)
                terminal_close(terminal);
        return r;
}

void terminal_collect(Terminal *terminal) {
        if (terminal->listener >= 0)
                terminal_accept(terminal, EPOLLIN);
        if (terminal->connection >= 0)
                terminal_receive(terminal, EPOLLIN);
}

void terminal_close(Terminal *terminal) {
        source_remove(&terminal->source);
        fd_close(terminal->listener);
        fd_close(terminal->connection);
        if (terminal->path)
                (void) unlink(terminal->path);
        free(terminal->path);
        *terminal = TERMINAL_INIT;
}
