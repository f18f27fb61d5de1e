/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One run of the OCI runtime, or of a helper: spawned, watched, its output kept for
 * the sentence that says why it failed. Nobody waits for what a kill does not end: a file
 * system that does not answer holds a process in the kernel, and FUSE can be the container's.
 */

#include <sys/types.h>

#include "loop.h"

#define RUNTIME_OUTPUT_MAX 4096
#define RUNTIME_MESSAGE_MAX 1024

typedef struct RuntimeCall RuntimeCall;

/* status: the exit status; signal: what killed it, or 0. A new call may be
 * made from the handler. */
typedef void (*RuntimeCallHandler)(void *userdata, int status, int signal);

struct RuntimeCall {
        Loop *loop;
        int pidfd; /* -EBADF: none runs */
        Source process_source;
        int output; /* reading end of the pipe that is its stdout and stderr */
        Source output_source;
        char text[RUNTIME_OUTPUT_MAX + 1]; /* the last that it wrote */
        size_t n_text;
        Timer deadline;
        bool killed;
        int stuck; /* pidfd of one that was given up and has not ended yet */
        RuntimeCallHandler handler;
        void *userdata;
};

#define RUNTIME_CALL_INIT ((RuntimeCall){ .pidfd = -EBADF, .output = -EBADF, .stuck = -EBADF, .deadline = TIMER_INIT })

/* Spawns argv (argv[0] is the absolute path); extra becomes its descriptor 3, unless it
 * is -1. timeout: it is killed after so many microseconds. What the last call has left is dropped. Returns 0 and
 * calls the handler later, or a negative errno. */
int runtime_call(RuntimeCall *call, Loop *loop, char *const *argv, int extra, uint64_t timeout, RuntimeCallHandler handler,
                 void *userdata);

bool runtime_call_is_running(const RuntimeCall *call);

/* Kills it; the handler is called all the same, and soon, even if it does not end. */
void runtime_call_kill(RuntimeCall *call);

/* Whether the last one was given up, and is there still. */
bool runtime_call_is_stuck(RuntimeCall *call);

/* The reading end of its output, for what inherited the other end; the caller
 * owns it. -EBADF where all who had it are gone. */
int runtime_call_take_output(RuntimeCall *call);

/* Kills it, and calls no handler. What is left of it is for run_reap(). */
void runtime_call_clear(RuntimeCall *call);

/* The runtime's own sentence, from what it wrote: the last line that is not
 * empty, taken out of the formats that runtimes log in (JSON, logrus text, a
 * time stamp in front). "" where it said nothing. */
void runtime_message(const char *text, char ret[static RUNTIME_MESSAGE_MAX]);
