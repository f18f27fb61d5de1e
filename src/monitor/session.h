/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Commands run in the container beside its init: "RUNTIME exec --detach", so
 * that the runtime ends once the command runs and the command becomes a child
 * of ours. Its end is then known exactly, exit status and signal apart, and a
 * failure of the runtime is told apart from one of the command.
 *
 * What the client's session socket carries stands in docs/architecture.md.
 */

#include "error.h"
#include "loop.h"
#include "payload.h"
#include "plan.h"
#include "terminal.h"
#include "wire.h"

#define SESSIONS_OF_ROOT 8 /* of WIRE_SESSIONS_MAX: places that users leave, who come with a lease */

typedef struct Session Session;
typedef struct Sessions Sessions;

struct Session {
        Sessions *sessions; /* NULL: a free place */
        unsigned id;
        bool terminal;
        int lease; /* closed when the command has ended: who asked for it counts them. -EBADF: root did */
        bool abandoned; /* the client has closed the session */

        int socket;
        Source socket_source;
        Terminal tty;
        int master; /* a copy, to resize */

        int runtime; /* pidfd of the runtime; -EBADF once it has ended */
        Source runtime_source;
        pid_t pid; /* the command; 0 until it runs */
        int pidfd;
        uint64_t early_signals; /* bit n - 1: signal n came before pidfd was known */
        Source source;
};

struct Sessions {
        Loop *loop;
        Payload *payload;
        const char *directory;
        /* Called when a child has been waited for. */
        void (*reaped)(void *userdata);
        void *userdata;
        Session list[WIRE_SESSIONS_MAX];
};

void sessions_init(Sessions *sessions, Loop *loop, Payload *payload, const char *directory,
                   void (*reaped)(void *userdata), void *userdata);

/* Begins one. fds: session socket and process JSON with a terminal; else stdin,
 * stdout, stderr, session socket, process JSON; and the lease, where there is one. They stay the
 * caller's, but for the session socket and the lease, which are taken on success. */
int sessions_start(Sessions *sessions, const Plan *plan, bool terminal, bool lease, int *fds, size_t n_fds, Error *error);

/* Whether a runtime is on its way, so that there may be children whose pid is
 * not known yet. */
bool sessions_are_starting(const Sessions *sessions);

/* Whether this is the pid of a command. */
bool sessions_know(const Sessions *sessions, pid_t pid);

/* Ends all, once the payload has been killed: waits for what is dying and
 * tells the clients. */
void sessions_end(Sessions *sessions);
