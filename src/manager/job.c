/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "clock.h"
#include "job-store.h"
#include "job.h"
#include "manager.h"

static const char *const states[_JOB_STATE_MAX] = {
        [JOB_QUEUED] = "queued",
        [JOB_RUNNING] = "running",
        [JOB_DONE] = "done",
        [JOB_FAILED] = "failed",
        [JOB_CANCELED] = "canceled",
};

const char *job_state_to_string(JobState state) {
        return state >= 0 && state < _JOB_STATE_MAX ? states[state] : NULL;
}

JobState job_state_from_string(const char *s) {
        for (JobState i = 0; i < _JOB_STATE_MAX; i++)
                if (streq(states[i], s))
                        return i;
        return _JOB_STATE_INVALID;
}

Job *job_free(Job *job) {
        if (!job)
                return NULL;
        if (job->key && map_get(&job->manager->jobs, job->key) == job)
                map_remove(&job->manager->jobs, job->key);
        if (job->key && map_get(&job->manager->job_results, job->key) == job)
                map_remove(&job->manager->job_results, job->key);
        turn_free(job->turn);
        free(job->key);
        free(job->kind);
        free(job->action);
        free(job->error_name);
        free(job->container);
        free(job->message);
        free(job->image);
        error_clear(&job->error);
        free(job);
        return NULL;
}

/* One user's jobs are no other's loss, and never root's, who may have to end them: the last
 * eighth is kept for root. */
static int check_room(const Manager *manager, uid_t uid, Error *error) {
        const ManagerSettings *limits = &manager->settings;
        uint64_t most = uid == 0 ? limits->jobs_max : limits->jobs_max - limits->jobs_max / 8;
        size_t own = 0;
        const Job *job;

        if (map_size(&manager->jobs) >= most)
                return error_set(error, EBUSY, "LimitsExceeded", "%zu jobs run already: try again when some have ended",
                                 map_size(&manager->jobs));
        if (uid == 0)
                return 0;
        MAP_FOREACH(job, &manager->jobs)
                own += job->uid == uid;
        return own < limits->user_jobs_max
                       ? 0
                       : error_set(error, EBUSY, "LimitsExceeded",
                                   "%zu jobs of user %u run already, which is the most of one user: try again when some have ended", own,
                                   (unsigned) uid);
}

int job_new(Manager *manager, uid_t uid, const char *kind, const char *action, const char *container, Job **ret, Error *error) {
        Job *job;
        int r;

        r = check_room(manager, uid, error);
        if (r < 0)
                return r;
        job = calloc(1, sizeof(*job));
        if (!job)
                return -ENOMEM;
        job->manager = manager;
        job->id = manager->job_store ? job_store_take_id(manager->job_store) : ++manager->last_job;
        job->state = JOB_RUNNING;
        job->uid = uid;
        job->kind = strdup(kind);
        job->action = strdup(action);
        job->started_usec = now_usec(CLOCK_REALTIME);
        job->container = strdup(strempty(container));
        job->message = strdup("");
        if (!job->kind || !job->action || !job->container || !job->message || asprintf(&job->key, "%u", job->id) < 0) {
                job->key = NULL;
                job_free(job);
                return -ENOMEM;
        }
        r = map_put(&manager->jobs, job->key, job);
        if (r < 0) {
                job_free(job);
                return r;
        }
        job_store_save(manager->job_store, job);
        manager->observer->job_added(job);
        *ret = job;
        return 0;
}

void job_set_argument(Job *job, uint64_t argument) {
        if (job->argument == argument)
                return;
        job->argument = argument;
        job_store_save(job->manager->job_store, job);
}

void job_set_image(Job *job, const char *image) {
        job->image = strdup(image);
        job_store_save(job->manager->job_store, job);
}

bool job_has_ended(const Job *job) {
        return job->state != JOB_QUEUED && job->state != JOB_RUNNING;
}

void job_set_queued(Job *job, bool queued) {
        JobState state = queued ? JOB_QUEUED : JOB_RUNNING;

        if (!job || job_has_ended(job) || job->state == state)
                return;
        job->state = state;
        job->manager->observer->job_changed(job);
}

static void on_turn(void *userdata) {
        Job *job = userdata;

        job_set_queued(job, false);
        job->begin(job, job->userdata);
}

int job_take_turn(Job *job, Queue *queue, void (*begin)(Job *job, void *userdata)) {
        int r = queue_join(queue, job->uid, on_turn, job, &job->turn);

        if (r < 0 || !turn_is_waiting(job->turn))
                return r < 0 ? r : 1;
        job->begin = begin;
        job_set_queued(job, true);
        job_progress(job, 0, "Waiting for other jobs");
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

static Job *oldest_result(Manager *manager) {
        size_t i = 0;

        return map_next(&manager->job_results, &i);
}

/* It has ended, and is no object any more. */
static void forget(Job *job) {
        job_store_forget(job->manager->job_store, job);
        job->manager->observer->job_removed(job);
        job_free(job);
}

/* Nobody but root has more than a half: one user's results are no other's loss. */
static void forget_of_user(Manager *manager, uid_t uid) {
        uint64_t max = manager->settings.job_results_max;
        Job *job;
        size_t own = 0;

        if (uid == 0)
                return;
        MAP_FOREACH(job, &manager->job_results)
                own += job->uid == uid;
        MAP_FOREACH(job, &manager->job_results)
                if (job->uid == uid && own > max / 2 + max % 2) {
                        own--;
                        forget(job);
                }
}

static int on_forget(sd_event_source *source, uint64_t usec, void *userdata) {
        job_forget_results(userdata, now_usec(CLOCK_MONOTONIC));
        return 0;
}

/* For the oldest result; none is needed without one. Where the timer cannot be had,
 * results stay until newer ones push them out. */
static void set_timer(Manager *manager) {
        Job *oldest = oldest_result(manager);

        if (!oldest)
                manager->job_timer = sd_event_source_disable_unref(manager->job_timer);
        else if (!manager->job_timer)
                (void) sd_event_add_time(manager->event, &manager->job_timer, CLOCK_MONOTONIC, oldest->forget_usec, 0, on_forget,
                                         manager);
        else if (sd_event_source_set_time(manager->job_timer, oldest->forget_usec) >= 0)
                (void) sd_event_source_set_enabled(manager->job_timer, SD_EVENT_ONESHOT);
}

void job_forget_results(Manager *manager, uint64_t now) {
        Job *oldest;

        while ((oldest = oldest_result(manager)) && (oldest->forget_usec <= now || map_size(&manager->job_results) > manager->settings.job_results_max))
                forget(oldest);
        set_timer(manager);
}

void job_finish(Job *job, const Error *error) {
        Manager *manager;
        uint64_t now;

        if (!job)
                return;
        if (!error_is_set(error)) {
                job->state = JOB_DONE;
                job->progress = 100;
        } else {
                job->state = error->errnum == ECANCELED ? JOB_CANCELED : JOB_FAILED;
                error_set(&job->error, error->errnum, error->name, "%s", error_message(error));
        }
        job->turn = turn_free(job->turn);
        manager = job->manager;
        now = now_usec(CLOCK_MONOTONIC);
        job->cancel = NULL;
        job->userdata = NULL;
        job->ended_usec = now_usec(CLOCK_REALTIME);
        job->forget_usec = usec_add(now, manager->settings.job_result_usec);

        job_store_save(manager->job_store, job);
        /* It moves before anybody is told: while it can be found, in one of the two. */
        if (map_put(&manager->job_results, job->key, job) < 0) {
                manager->observer->job_finished(job);
                forget(job);
                return;
        }
        map_remove(&manager->jobs, job->key);
        manager->observer->job_finished(job);
        forget_of_user(manager, job->uid);
        job_forget_results(manager, now);
}

int job_cancel(Job *job, Error *error) {
        if (job_has_ended(job))
                return error_set(error, ESRCH, "NotRunning", "job %u has ended already (%s): only one that runs can be canceled", job->id,
                                 job_state_to_string(job->state));
        if (!job->cancel)
                return error_set(error, EOPNOTSUPP, "NotSupported", "a %s cannot be canceled", job->kind);
        if (!job->canceling) {
                job->canceling = true;
                job->cancel(job, job->userdata);
        }
        return 0;
}
