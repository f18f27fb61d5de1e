/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The session of a command that runs in a container: the socket that
 * Container.Exec gives, see docs/architecture.md. Here its messages as data, and
 * what becomes of our own exit status.
 */

#include <sys/types.h>

#include "macro.h"

#define SESSION_MESSAGE_MAX 4096

typedef enum SessionEvent {
        SESSION_TERMINAL, /* a pty's master came along */
        SESSION_STARTED,
        SESSION_EXITED,   /* number: exit status */
        SESSION_SIGNALED, /* number: signal */
        SESSION_FAILED,   /* number: positive errno; text: the sentence */
        SESSION_CLOSED,   /* without any of those: the container or its monitor is gone */
        _SESSION_EVENT_MAX,
        _SESSION_EVENT_INVALID = -EINVAL,
} SessionEvent;

typedef struct SessionMessage {
        SessionEvent event;
        int number;
        const char *text; /* into the data that was parsed */
} SessionMessage;

/* Reads a datagram, which ends with a NUL that size does not count. -EBADMSG:
 * none of the forms. An empty one is SESSION_CLOSED. */
int session_parse(const char *data, size_t size, SessionMessage *ret);

/* Waits for the next message. The buffer holds its text. ret_fd: the pty's master
 * or -1. */
int session_receive(int fd, char buffer[static SESSION_MESSAGE_MAX], SessionMessage *ret, int *ret_fd);

int session_send_signal(int fd, int sig);

/* The exit status that stands for how it ended, as shells have it. */
int session_exit_status(const SessionMessage *m);
