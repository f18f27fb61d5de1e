/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Processes by descriptor: spawn a program, wait for it, signal it.
 */

#include <sys/types.h>

#include "macro.h"

/* pidfd_open(2); the descriptor is close-on-exec. */
int process_pidfd(pid_t pid);

/* pidfd_send_signal(2); 0 or a negative errno. */
int process_signal(int pidfd, int sig);

typedef struct ProcessSpawn {
        const char *path;        /* absolute: no search along PATH */
        char *const *argv;
        char *const *env;        /* NULL: the caller's */
        int stdio[3];            /* what becomes 0, 1 and 2; -1: /dev/null */
        const int *fds;          /* become 3, 4, …; all else is closed by CLOEXEC */
        size_t n_fds;
} ProcessSpawn;

/* posix_spawn(3) with no signal blocked and every one at its default. Returns
 * the pid and a pidfd, or a negative errno (exec failures included). */
int process_spawn(const ProcessSpawn *spawn, pid_t *ret_pid, int *ret_pidfd);

/* Whether it has, be it a child or not. True as well where that cannot be told. */
bool process_has_ended(int pidfd);

/* Waits for the end of a child by pidfd: 0..255 its exit status, in
 * *ret_signal the signal that killed it or 0. Blocks. */
int process_wait(int pidfd, int *ret_status, int *ret_signal);

/* The same for one that has ended. -EAGAIN: it has not. */
int process_collect(int pidfd, int *ret_status, int *ret_signal);

/* The same by pid, for a child that was forked: its exit status, or -EIO where a
 * signal has killed it. */
int process_wait_pid(pid_t pid);
