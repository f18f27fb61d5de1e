/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A job: something that takes long, with progress, a result and a cancel. It is
 * an object on the bus from its beginning, and for a while after its end: a client
 * that comes late finds how it ended. Of those that have ended the last
 * JobResultsMax= are kept, each for JobResultSec=; they count as no job that runs,
 * and nothing in ctrd waits for them.
 */

#include <sys/types.h>

#include "error.h"
#include "macro.h"
#include "queue.h"

typedef struct Manager Manager;
typedef struct Job Job;
typedef struct JobStore JobStore;

typedef enum JobState {
        JOB_QUEUED, /* it waits for others to end */
        JOB_RUNNING,
        JOB_DONE,
        JOB_FAILED,
        JOB_CANCELED,
        _JOB_STATE_MAX,
        _JOB_STATE_INVALID = -EINVAL,
} JobState;

const char *job_state_to_string(JobState state);
JobState job_state_from_string(const char *s);

struct Job {
        Manager *manager;
        uint32_t id;
        char *key;        /* the id as text, the last part of the object's path */
        char *kind;   /* "create", "start", … */
        char *action; /* the polkit action that began it, and that may cancel it */
        char *container;
        uid_t uid; /* who asked for it */
        JobState state;
        unsigned progress; /* percent */
        char *message;
        Error error;
        char *error_name; /* where it is not a constant: of one that a ctrd before us has left */
        uint64_t argument; /* of the verb: how long a stop may take, whether a removal is forced */
        char *image;       /* that is removed, or NULL */
        uint64_t started_usec, ended_usec; /* CLOCK_REALTIME; 0: not yet */
        uint64_t forget_usec;              /* CLOCK_MONOTONIC: when its result goes */

        /* Ends the job early: called at most once, must lead to job_finish(). NULL
         * where the job cannot be canceled. */
        void (*cancel)(Job *job, void *userdata);
        void *userdata;
        bool canceling;

        Turn *turn; /* among those at work; NULL: it needs none */
        void (*begin)(Job *job, void *userdata);
};

/* -EBUSY with the error set where too
 * many jobs run, of all or of this user. */
int job_new(Manager *manager, uid_t uid, const char *kind, const char *action, const char *container, Job **ret, Error *error);

/* What the verb was given, for the next ctrd if this one ends. */
void job_set_argument(Job *job, uint64_t argument);

void job_set_image(Job *job, const char *image);

bool job_has_ended(const Job *job);

/* Whether it waits for its turn. Of what has ended and of no job nothing changes. */
void job_set_queued(Job *job, bool queued);

/* Takes a turn among the jobs of a queue that are at work. 1: it is its turn. 0: it is
 * queued, and begin is called, with the job's userdata by then, when it has its turn. It
 * leaves with the job's end. Of what comes to an end by itself, or is a part of what has begun,
 * nothing may wait here. */
int job_take_turn(Job *job, Queue *queue, void (*begin)(Job *job, void *userdata));

/* Tells those who watch. message: NULL leaves the last one. */
void job_progress(Job *job, unsigned percent, const char *message);

/* Ends the job, which is the caller's no more. error: NULL where it is done. The
 * error stays the caller's. A NULL job is fine: nobody asked for what was done. */
void job_finish(Job *job, const Error *error);

/* "NotSupported" where it cannot be canceled, "NotRunning" where it has ended. */
int job_cancel(Job *job, Error *error);

/* Forgets results whose time is over, and those that are too many. now: CLOCK_MONOTONIC. */
void job_forget_results(Manager *manager, uint64_t now);

/* For the manager's end: frees without a word. */
Job *job_free(Job *job);
DEFINE_CLEANUP(Job *, job_free)
