/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "job.h"
#include "manager.h"

static const char *const states[_JOB_STATE_MAX] = {
        [JOB_RUNNING] = "running",
        [JOB_DONE] = "done",
        [JOB_FAILED] = "failed",
        [JOB_CANCELED] = "canceled",
};

const char *job_state_to_string(JobState state) {
        return state >= 0 && state < _JOB_STATE_MAX ? states[state] : NULL;
}

Job *job_free(Job *job) {
        if (!job)
                return NULL;
        if (job->key)
                map_remove(&job->manager->jobs, job->key);
        free(job->key);
        free(job->container);
        free(job->message);
        error_clear(&job->error);
        free(job);
        return NULL;
}

int job_new(Manager *manager, const char *kind, const char *action, const char *container, Job **ret, Error *error) {
        Job *job;
        int r;

        if (map_size(&manager->jobs) >= JOBS_MAX)
                return error_set(error, EBUSY, "LimitsExceeded", "%d jobs run already: try again when some have ended",
                                 JOBS_MAX);
        job = calloc(1, sizeof(*job));
        if (!job)
                return -ENOMEM;
        job->manager = manager;
        job->id = ++manager->last_job;
        job->kind = kind;
        job->action = action;
        job->container = strdup(strempty(container));
        job->message = strdup("");
        if (!job->container || !job->message || asprintf(&job->key, "%u", job->id) < 0) {
                job->key = NULL;
                job_free(job);
                return -ENOMEM;
        }
        r = map_put(&manager->jobs, job->key, job);
        if (r < 0) {
                job_free(job);
                return r;
        }
        manager->observer->job_added(job);
        *ret = job;
        return 0;
}

void job_progress(Job *job, unsigned percent, const char *message) {
        if (!job)
                return;
        if (percent > 100)
                percent = 100;
        if (job->progress == percent && (!message || streq(message, job->message)))
                return;
        job->progress = percent;
        if (message) {
                char *copy = strdup(message);

                if (copy) {
                        free(job->message);
                        job->message = copy;
                }
        }
        job->manager->observer->job_changed(job);
}

void job_finish(Job *job, const Error *error) {
        if (!job)
                return;
        if (!error_is_set(error)) {
                job->state = JOB_DONE;
                job->progress = 100;
        } else {
                job->state = error->errnum == ECANCELED ? JOB_CANCELED : JOB_FAILED;
                error_set(&job->error, error->errnum, error->name, "%s", error_message(error));
        }
        job->manager->observer->job_finished(job);
        job_free(job);
}

int job_cancel(Job *job) {
        if (!job->cancel)
                return -EOPNOTSUPP;
        if (!job->canceling) {
                job->canceling = true;
                job->cancel(job, job->userdata);
        }
        return 0;
}
