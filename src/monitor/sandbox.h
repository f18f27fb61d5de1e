/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A process that goes into a container's files, for good: the container's root is its
 * root, the container's root user is its user, in a mount namespace of its own in which
 * nothing can be executed, no device opened and no set-id bit counts. What the container does to the
 * tree meanwhile, it does to itself.
 */

#include "error.h"
#include "plan.h"

/* The control group of a container's payload, by its leader or any process of it; to be
 * freed. -ESRCH where that is no process of this container any more. */
int sandbox_payload(const char *name, pid_t leader, char **ret, Error *error);

/* Leaves what is the host's besides files: its network, names and queues. Before anything
 * is read. */
int sandbox_leave_host(Error *error);

/* Into one that runs: its user and mount namespace, and a group that was made below its
 * payload, so that it ends with the container. pidfd: of the leader, opened before anything
 * was asked of the number. Both stay the caller's, to be closed. -ESRCH as above. */
int sandbox_enter_running(pid_t leader, int pidfd, int group, Error *error);

/* Into one that does not run: mounts its root, for this process only. */
int sandbox_enter_stopped(Plan *plan, Error *error);

typedef enum SandboxWrites {
        SANDBOX_WRITES_ANYWHERE, /* there is nothing but the container's */
        SANDBOX_WRITES_HERE,     /* below the working directory, where the kernel can hold it to that */
        SANDBOX_WRITES_NOWHERE,
} SandboxWrites;

/* Gives up all that is not needed for files, on the host too. The last step: descriptors that
 * are open stay, nothing can be executed after it. */
int sandbox_close(SandboxWrites writes, Error *error);
