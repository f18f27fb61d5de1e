/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When and where a process runs: scheduler, I/O priority, processors, and the
 * memory nodes that it gets its pages from.
 */

#include "config.h"

/* Whether there is anything for scheduling_set(). */
bool scheduling_is_given(const ConfigProcess *p);

/* Sets scheduler and I/O priority of a process: with the runtime's rights, which
 * are the host's, where those of a user namespace would not do. */
int scheduling_set(const ConfigProcess *p, pid_t pid, Error *error);

/* config.md, execCPUAffinity: before the process of an exec is made, and when it
 * is in its cgroup, whose processors it has without more words. */
int scheduling_set_initial_cpus(const ConfigProcess *p, Error *error);
int scheduling_set_final_cpus(const ConfigProcess *p, pid_t pid, Error *error);

/* Of the calling process. */
int scheduling_set_memory_policy(const ConfigMemoryPolicy *policy, Error *error);
