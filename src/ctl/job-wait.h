/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Jobs: begin some at once, and wait for all of them.
 *
 * The watch is put up before the first method is called, so that no end is
 * missed. Calls go out together; their answers and the ends of jobs come in any
 * order. A ctrd that is restarted meanwhile knows the jobs of the one before it, and is
 * asked how they are.
 */

#include "ctl.h"

typedef struct JobWait JobWait;

typedef enum JobInterrupt {
        JOB_INTERRUPT_DETACH, /* Ctrl-C stops waiting; the job goes on */
        JOB_INTERRUPT_CANCEL, /* Ctrl-C cancels the job; a second one stops waiting */
        JOB_INTERRUPT_END,    /* the same; and the job does not go on without us */
} JobInterrupt;

int job_wait_new(JobWait **ret, Ctl *ctl, JobInterrupt interrupt, Error *error);
JobWait *job_wait_free(JobWait *w);
DEFINE_CLEANUP(JobWait *, job_wait_free)

/* Sends a call whose answer is a job's path. name: what it is about, for
 * progress and errors. */
int job_wait_call(JobWait *w, sd_bus_message *message, const char *name, Error *error);

/* A job that somebody has begun. */
int job_wait_for(JobWait *w, const char *path, const char *name, Error *error);

/* Something that failed before it could be called. Takes the error. */
void job_wait_failed(JobWait *w, const char *name, Error *e);

/* Waits for all. Where one was begun, its error is the result; of several, each
 * failure is printed, and the exit status is 1. With --no-wait only until the jobs
 * are known, whose numbers are printed. Returns the exit status. */
int job_wait_run(JobWait *w, Error *error);
