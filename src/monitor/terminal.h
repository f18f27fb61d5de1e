/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a runtime delivers the master of a pty it has made: a listening socket
 * named by --console-socket (runc's docs/terminals.md). Takes one master.
 */

#include "loop.h"

typedef struct Terminal Terminal;

/* Called once, with the master's ownership. */
typedef void (*TerminalHandler)(void *userdata, int master);

struct Terminal {
        Loop *loop;
        char *path;
        int listener;
        int connection;
        Source source; /* of the listener, then of the connection */
        TerminalHandler handler;
        void *userdata;
};

#define TERMINAL_INIT ((Terminal){ .listener = -EBADF, .connection = -EBADF })

/* Binds the path (mode 0600) and waits for the runtime. */
int terminal_open(Terminal *terminal, Loop *loop, const char *path, TerminalHandler handler, void *userdata);

/* Takes what is there by now, without waiting: once the runtime has ended, what
 * it sent lies in the socket. */
void terminal_collect(Terminal *terminal);

/* Closes and removes the socket. */
void terminal_close(Terminal *terminal);
