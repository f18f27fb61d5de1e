/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a running container uses, from its scope's cgroup. The files there are the
 * host's: nothing the container writes is read.
 */

#include "macro.h"

typedef struct Usage {
        struct {
                const char *name; /* as in org.ctrd1(5), GetUsage() */
                uint64_t value;
        } items[12];
        size_t n;
} Usage;

/* leader: its first process, or 0. What is not known (no such controller, not running) is
 * left out. */
void usage_read(const char *container, pid_t leader, Usage *ret);
