/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container's console: the pty's master, always drained, into a bounded
 * log and to whoever is attached. It outlives reboots; the master is replaced.
 *
 * The container is never made to wait. A client that does not read loses
 * output: what does not fit into its socket is dropped and, once it reads
 * again, a line tells how much. Input waits for the container instead: while
 * the pty takes no more, clients are not read.
 */

#include <sys/ioctl.h>

#include "console-log.h"
#include "loop.h"

#define CONSOLE_CLIENTS_MAX 16
#define CONSOLE_CLIENTS_OF_ROOT 4 /* of them: places that users leave, who come with a lease */
#define CONSOLE_HISTORY 2048 /* bytes a new client is shown first */

typedef struct Console Console;

typedef struct ConsoleClient {
        Console *console; /* NULL: a free place */
        int fd;
        int lease; /* as of a Session */
        Source source;
        bool readonly;
        bool finished;    /* will send no more */
        uint64_t lost;    /* bytes dropped since it last took all */
} ConsoleClient;

struct Console {
        Loop *loop;
        ConsoleLog log;

        int master; /* -EBADF: no container */
        Source master_source;
        int pipe; /* what a container without a terminal writes to */
        Source pipe_source;
        struct winsize size; /* all zero: never told */

        char history[CONSOLE_HISTORY]; /* a ring; n_output modulo its size is where the next byte goes */
        uint64_t n_output;
        char input[1024]; /* accepted from clients, not yet taken by the pty */
        size_t n_input;

        ConsoleClient clients[CONSOLE_CLIENTS_MAX];
};

void console_init(Console *console, Loop *loop);

/* Takes ownership of a pty's master (non-blocking). */
int console_set_master(Console *console, int master);

/* Takes ownership of the reading end of a pipe: its bytes are output as well. */
int console_set_pipe(Console *console, int fd);

/* Reads what the container has left behind and closes master and pipe. The
 * clients stay. Call when no process of the container lives any more. */
void console_end_container(Console *console);

/* Attaches a stream socket, of which it takes ownership in any case, as of the lease (-EBADF:
 * none). -EINVAL: no stream socket; -EUSERS: too many. */
int console_attach(Console *console, int fd, bool readonly, int lease);

/* Sets the window's size, now or once there is a pty. */
int console_resize(Console *console, unsigned columns, unsigned rows);

/* Closes everything. */
void console_close(Console *console);
