/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A job: something that takes long, with progress, a result and a cancel. It is
 * an object on the bus from its beginning until it has ended.
 */

#include "error.h"
#include "macro.h"

typedef struct Manager Manager;
typedef struct Job Job;

typedef enum JobState {
        JOB_RUNNING,
        JOB_DONE,
        JOB_FAILED,
        JOB_CANCELED,
        _JOB_STATE_MAX,
        _JOB_STATE_INVALID = -EINVAL,
} JobState;

const char *job_state_to_string(JobState state);

struct Job {
        Manager *manager;
        uint32_t id;
        char *key;        /* the id as text, the last part of the object's path */
        const char *kind; /* "create", "start", … */
        const char *action; /* the polkit action that began it, and that may cancel it */
        char *container;
        JobState state;
        unsigned progress; /* percent */
        char *message;
        Error error;

        /* Ends the job early: called at most once, must lead to job_finish(). NULL
         * where the job cannot be canceled. */
        void (*cancel)(Job *job, void *userdata);
        void *userdata;
        bool canceling;
};

#define JOBS_MAX 512

/* The kind and action are string constants. -EBUSY with the error set where too
 * many jobs run. */
int job_new(Manager *manager, const char *kind, const char *action, const char *container, Job **ret, Error *error);

/* Tells those who watch. message: NULL leaves the last one. */
void job_progress(Job *job, unsigned percent, const char *message);

/* Ends and frees the job. error: NULL where it is done. The error stays the
 * caller's. A NULL job is fine: nobody asked for what was done. */
void job_finish(Job *job, const Error *error);

/* -EOPNOTSUPP where it cannot be canceled. */
int job_cancel(Job *job);

/* For the manager's end: frees without a word. */
Job *job_free(Job *job);
