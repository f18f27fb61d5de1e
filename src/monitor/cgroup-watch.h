/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Waits in the loop for what a control group tells of itself in cgroup.events.
 */

#include "loop.h"

/* gone: there is no such group any more, and it will say nothing. */
typedef void (*CgroupWatchHandler)(void *userdata, bool gone);

typedef struct CgroupWatch {
        int events;        /* cgroup.events; -EBADF: nothing is waited for */
        const char *words; /* static */
        Source source;
        CgroupWatchHandler handler;
        void *userdata;
} CgroupWatch;

#define CGROUP_WATCH_INIT { .events = -EBADF }

/* Calls the handler, once, when cgroup.events has these words in it: from the loop,
 * never at once. What was waited for before is forgotten. */
int cgroup_watch(CgroupWatch *watch, Loop *loop, int cgroup, const char *words, CgroupWatchHandler handler, void *userdata);

/* Forgets it; no error where nothing is waited for. */
void cgroup_watch_end(CgroupWatch *watch);
