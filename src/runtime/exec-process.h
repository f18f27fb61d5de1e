/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One more process in a running container.
 */

#include "config.h"
#include "container.h"

typedef struct ExecOptions {
        const ConfigProcess *process;
        const char *cgroup;  /* below the container's; NULL: where it is right */
        int console_socket;  /* or -1 */
        unsigned preserve_fds;
        const char *pid_file;
} ExecOptions;

typedef struct ExecProcess {
        pid_t pid;
        int pidfd;
        char *cgroup; /* made for it, to be removed after its end; or NULL */
} ExecProcess;

#define EXEC_PROCESS_INIT ((ExecProcess){ .pidfd = -EBADF })

/* Starts it; it is the caller's child. Returns when its execve(2) succeeded. */
int exec_process_start(const Container *c, const Config *config, const ExecOptions *options, ExecProcess *ret,
                       Error *error);

/* Removes the cgroup, unless something still runs in it. */
void exec_process_clear(ExecProcess *p);
