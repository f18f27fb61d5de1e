/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Freezes all processes of a control group (cgroup.freeze), and thaws them. A process
 * that waits in the kernel for something that does not come, such as a file system
 * served by another one that is frozen already, is never frozen: that is given up
 * after a while, and all is thawed again.
 */

#include "cgroup-watch.h"

/* Below the 25 s that a caller on the bus waits by default. */
#define FREEZER_TIMEOUT (10 * USEC_PER_SEC)

typedef enum FreezerState {
        FREEZER_THAWED,
        FREEZER_FREEZING,
        FREEZER_FROZEN,
} FreezerState;

/* r: 0, all is frozen; -ETIMEDOUT, it did not come to that and is thawed; -ESRCH, nobody
 * lives in it any more; or another negative errno. */
typedef void (*FreezerHandler)(void *userdata, int r);

typedef struct Freezer {
        Loop *loop;
        FreezerState state;
        int cgroup; /* not owned */
        CgroupWatch watch;
        Timer deadline;
        FreezerHandler handler;
        void *userdata;
} Freezer;

#define FREEZER_INIT ((Freezer){ .cgroup = -EBADF, .watch = CGROUP_WATCH_INIT, .deadline = TIMER_INIT })

/* Begins to freeze a group; the handler is called from the loop once that is done or
 * given up after so many microseconds. The group must be thawed. -EOPNOTSUPP before
 * Linux 5.2. */
int freezer_freeze(Freezer *freezer, Loop *loop, int cgroup, uint64_t timeout, FreezerHandler handler, void *userdata);

/* Lets all run again, at once; no error where all does. A freeze that is under way is
 * forgotten, its handler is not called. */
int freezer_thaw(Freezer *freezer);
