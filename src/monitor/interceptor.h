/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The process that does system calls for the container (ctr-intercept), where the
 * plan asks for one. It has the one copy of its socket: when it ends, calls do not
 * exist (ENOSYS) for who has loaded a filter so far; a new one serves who comes then.
 */

#include <sys/types.h>

#include "loop.h"

#define INTERCEPTOR_STARTS_MAX 16 /* for one boot of the container */

typedef struct Interceptor {
        Loop *loop;
        const char *program;
        const char *mounts;
        char *socket;
        uint64_t since; /* CLOCK_BOOTTIME in microseconds */
        unsigned starts;
        pid_t pid; /* 0: none */
        int pidfd;
        Source source;
} Interceptor;

#define INTERCEPTOR_INIT { .pidfd = -EBADF }

/* program and socket: absolute paths. mounts: types of file systems with commas between
 * them, or NULL. program and mounts must outlive it. */
int interceptor_open(Interceptor *interceptor, Loop *loop, const char *program, const char *mounts, const char *socket);

/* Kills it and removes its socket. */
void interceptor_close(Interceptor *interceptor);
