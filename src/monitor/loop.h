/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The event loop: epoll, descriptors with a handler, timers. Nothing is
 * allocated: sources are embedded in what owns them. One event is dispatched
 * at a time, so a handler may remove, close and free any source, its own
 * included.
 */

#include <sys/epoll.h>

#include "macro.h"

typedef struct Loop Loop;
typedef struct Source Source;
typedef struct Timer Timer;

#define LOOP_SEGMENTS_MAX 4

struct Loop {
        int epoll;
        bool done;
        size_t n_segments;
        struct {
                void *begin;
                size_t size;
        } segments[LOOP_SEGMENTS_MAX]; /* of the program, those that are not written to */
};

typedef void (*SourceHandler)(void *userdata, uint32_t events);

struct Source {
        Loop *loop; /* NULL while it is not watched */
        int fd;     /* not owned */
        SourceHandler handler;
        void *userdata;
};

typedef void (*TimerHandler)(void *userdata);

struct Timer {
        Source source;
        int fd;
        TimerHandler handler;
        void *userdata;
};

int loop_open(Loop *loop);
void loop_close(Loop *loop);

/* Dispatches until loop_end() is called. Returns 0 or a negative errno. */
int loop_run(Loop *loop);
void loop_end(Loop *loop);

/* Watches a descriptor for EPOLL… events. A source that is watched already is
 * an error (-EBUSY). */
int source_add(Source *source, Loop *loop, int fd, uint32_t events, SourceHandler handler, void *userdata);
int source_set_events(Source *source, uint32_t events);
/* Forgets it; no error where it is not watched. Call before closing the descriptor. */
void source_remove(Source *source);

/* Fires once, usec from now (0: as soon as possible); arming again replaces. */
int timer_arm(Timer *timer, Loop *loop, uint64_t usec, TimerHandler handler, void *userdata);
void timer_disarm(Timer *timer);
#define TIMER_INIT ((Timer){ .fd = -EBADF })
