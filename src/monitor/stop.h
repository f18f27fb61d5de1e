/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The graceful stop: a signal to PID 1, said again while it cannot have heard
 * it, and a deadline.
 *
 * PID 1 of a pid namespace does not get a signal that it has no handler for
 * (pid_namespaces(7)): one that is sent before its init has got so far is lost.
 * Whether it listens stands in /proc/PID/status. Until it does, the signal is
 * sent at growing intervals; after that rarely, since a second one may mean
 * something else to it.
 */

#include <sys/types.h>

#include "loop.h"

typedef void (*StopHandler)(void *userdata);

typedef struct Stop {
        Loop *loop;
        pid_t pid;
        int pidfd; /* not owned */
        int signal;
        uint64_t interval;
        Timer repeat;
        Timer deadline;
        uint64_t due;    /* CLOCK_MONOTONIC; 0: there is no deadline */
        uint64_t latest; /* to which it may be extended */
        StopHandler expired;
        void *userdata;
} Stop;

#define STOP_INIT ((Stop){ .pidfd = -EBADF, .repeat = TIMER_INIT, .deadline = TIMER_INIT })

/* Whether the text of a /proc/PID/status says that the signal is caught or
 * blocked (to be read by sigwait or signalfd). */
bool stop_status_listens(const char *status, int signal);

/* Whether a process catches or blocks the signal. Where that cannot be told, it does. */
bool stop_is_heard(pid_t pid, int signal);

/* Begins, or begins anew with other values. timeout: microseconds after which
 * expired() is called; USEC_INFINITY: never. extend_max: by how much more stop_extend()
 * may make it. */
int stop_begin(Stop *stop, Loop *loop, pid_t pid, int pidfd, int signal, uint64_t timeout, uint64_t extend_max,
               StopHandler expired, void *userdata);

/* PID 1 asks to be waited for usec from now; never is that sooner than before. */
void stop_extend(Stop *stop, uint64_t usec);

/* PID 1 has said that it is stopping: it need not be told again. */
void stop_acknowledge(Stop *stop);

/* It is over, one way or the other. */
void stop_end(Stop *stop);
