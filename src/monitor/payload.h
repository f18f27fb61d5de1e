/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The two control groups below the scope: "monitor", in which this process
 * lives, and "payload", which is the container's. The scope's own belongs to
 * the host's systemd and is not written to but for its subtree_control.
 */

#include <sys/types.h>

#include "cgroup-watch.h"
#include "error.h"
#include "userns.h"

typedef struct Payload {
        char *scope; /* NULL: not entered yet */
        char *path;
        int scope_fd;
        int fd; /* of payload; -EBADF: does not exist */
        CgroupWatch empty;
} Payload;

#define PAYLOAD_INIT ((Payload){ .scope_fd = -EBADF, .fd = -EBADF, .empty = CGROUP_WATCH_INIT })

/* Finds the scope that this process is in, moves into "monitor" below it and
 * enables every available controller for the two. Refused where it is not a
 * ".scope" that holds this process alone. Does nothing the second time. */
int payload_enter_scope(Payload *payload, Error *error);

/* Makes "payload" anew; what was left in it is removed. With an id map it is
 * handed to the container's root, as cgroups(7), "Delegation", has it. */
int payload_make(Payload *payload, const IdMap *map, size_t n_map, Error *error);

/* Whether a process is in it or below it. 1, 0 or a negative errno. */
int payload_contains(const Payload *payload, pid_t pid);

/* SIGKILL to all at once, forks included. */
int payload_kill(Payload *payload);

/* Any signal, to each process in it. -ESRCH where there is none. */
int payload_signal(Payload *payload, int sig);

/* Calls the handler once nobody lives in it, or it is gone (from the loop, never at once). */
int payload_watch_empty(Payload *payload, Loop *loop, CgroupWatchHandler handler, void *userdata);

/* Makes and removes a group for a session below it, "ctr.exec-ID"; that it is
 * there already is no error. Removing fails with -EBUSY while something that
 * the session has left behind lives: the next session of this ID shares it. */
#define PAYLOAD_SESSION_NAME_MAX 24
const char *payload_session_name(unsigned id, char ret[static PAYLOAD_SESSION_NAME_MAX]);
int payload_make_session(Payload *payload, unsigned id);
int payload_remove_session(Payload *payload, unsigned id);

/* Removes "payload" with all below it; it must be empty of processes. */
int payload_remove(Payload *payload);

void payload_close(Payload *payload);
