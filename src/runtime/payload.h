/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The last steps of a process on its way into the container's program: who it
 * is, what it may do, then execve(2). The same for init and for exec.
 */

#include "config.h"
#include "syscall-filter.h"

typedef struct Payload {
        const ConfigProcess *process;
        const SyscallFilter *seccomp; /* NULL: none */
        bool restricted;              /* it is loaded */
        bool has_personality;
        unsigned long personality;
        const ConfigMemoryPolicy *memory_policy; /* NULL: not set */
        uint64_t ignored_signals; /* those that were when the runtime was started: bit N - 1 for signal N */
        bool new_keyring;
        unsigned preserve_fds; /* 3 … are kept open */
        int death_signal; /* sent by the kernel when our parent dies; 0: none */
        int attributes; /* descriptor of /proc/thread-self/attr, for LSM labels; -1 where none is asked for */
        char *const *env; /* the process's with what it lacks, from payload_become() */
        int report;     /* where a failure is told: open until execve(2) */
} Payload;

/* Where the program of args[0] is, by PATH of the process's environment:
 * checked before start, so that a missing program fails the create. The
 * result lives in path. */
int payload_find_program(const ConfigProcess *p, char path[static 4096], Error *error);

/* Becomes who the config says, in where it says, and lets go of every
 * descriptor but report and the preserved ones. What runs from here on has no
 * more rights than the container's program. */
int payload_become(Payload *payload, Error *error);

/* Loads the seccomp filter now, and not in payload_execute(): for what runs in
 * between and is the container's too. */
int payload_restrict(Payload *payload, Error *error);

/* The rest, after payload_become(). program: what payload_find_program() found.
 * Returns only when something failed, with a negative errno. */
int payload_execute(Payload *payload, const char *program, Error *error);
