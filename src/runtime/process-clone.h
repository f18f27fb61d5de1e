/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Starting the process that becomes the container's: in its cgroup from its
 * first instant, in all its namespaces, as the caller's direct child.
 */

#include <sys/types.h>

#include "error.h"
#include "macro.h"
#include "namespace.h"

typedef struct Spawn {
        uint64_t new_namespaces;  /* CLONE_NEW…, all made by one clone3(2) */
        int paths[NAMESPACE_MAX]; /* descriptors of namespaces to join, or -1; never time: see below */
        int target;               /* pidfd of a process whose namespaces are joined, or -1 */
        uint64_t target_namespaces;
        int cgroup; /* descriptor of the directory, or -1 */

        /* Runs first where it is set, in a mount namespace of its own, which the
         * process's is then a copy of; so is its working directory. */
        int (*prepare)(const void *arg, Error *error);
        const void *prepare_arg;

        pid_t helper; /* out: see spawn_clear() */
} Spawn;

#define SPAWN_INIT                                                                      \
        ((Spawn){ .paths = { [0 ... NAMESPACE_MAX - 1] = -EBADF }, .target = -EBADF, .cgroup = -EBADF })

/* Runs func(arg) in a new process, with its own memory. Returns its pid in the
 * caller's pid namespace, or a negative errno.
 *
 * spawn_clear() must follow, but not at once: what it waits for, the end of a
 * helper that may have made the process, takes the kernel some time, in which
 * the process can do its work.
 *
 * A time namespace cannot be joined here (the kernel wants a process that
 * shares no memory): func does it itself. */
pid_t spawn_process(Spawn *spawn, void (*func)(void *arg) __attribute__((__noreturn__)), void *arg, Error *error);

void spawn_clear(Spawn *spawn);
