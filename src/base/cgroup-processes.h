/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The processes of a control group and of all below it. */

#include <sys/types.h>

#include "macro.h"

/* Kills every process in the cgroup and below it: cgroup.kill, or where that
 * is missing (before Linux 5.14) each process by its pid. */
int cgroup_kill(int fd);

/* Sends a signal to every process that is in the cgroup and below it now. */
int cgroup_signal(int fd, int sig);

/* The pids of all processes in it and below it, as the caller's pid namespace has
 * them; those of others are left out. In *ret, to be freed, *ret_n of them. */
int cgroup_list_processes(int fd, pid_t **ret, size_t *ret_n);
