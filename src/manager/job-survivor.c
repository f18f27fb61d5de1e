/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>
#include <systemd/sd-journal.h>

#include "job-survivor.h"
#include "launch.h"
#include "manager.h"

/* What fails now is the job's failure. */
static void end_failed(Job *job, int r, Error *error) {
        error_set_errno(error, r, "cannot %s %s", job->kind, job->container);
        job_finish(job, error);
}

static void end_canceled(Job *job, const char *why) {
        _cleanup_error_ Error error = ERROR_INIT;

        error_set(&error, ECANCELED, "Canceled", "ctrd ended before this did, and %s", why);
        job_finish(job, &error);
}

static bool is_up(const Container *c) {
        return c->state == CONTAINER_RUNNING || c->state == CONTAINER_FROZEN;
}

static bool is_down(const Container *c) {
        return !container_state_is_active(c->state) && !c->ending;
}

/* Of the run that the job is about. */
static bool has_ended_since(const Container *c, const Job *job) {
        return !c->unbegun && c->exit.timestamp_usec >= job->started_usec;
}

static void settle_start(Job *job, Container *c) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r;

        if (!c) {
                end_canceled(job, "the container has gone: see \"ctrctl list\"");
                return;
        }
        if (is_up(c)) {
                job_finish(job, NULL);
                return;
        }
        if (!is_down(c)) {
                container_start_follow(c, job);
                return;
        }
        if (has_ended_since(c, job)) {
                error_set(&error, EIO, "StartFailed", "%s ended before it was up: see \"ctrctl logs %s\"", c->name, c->name);
                job_finish(job, &error);
                return;
        }
        r = container_start_in_turn(c, job, &error);
        if (r < 0)
                end_failed(job, r, &error);
}

static void settle_stop(Job *job, Container *c) {
        _cleanup_error_ Error error = ERROR_INIT;
        uint64_t begun;
        int r;

        /* It was not to come back by itself, which may not be written down yet. */
        if (c && is_down(c))
                recovery_give_up(c);
        if (!c || is_down(c)) {
                job_finish(job, NULL);
                return;
        }
        if (c->state == CONTAINER_STOPPING) {
                container_stop_follow(c, false, job);
                return;
        }
        /* Another run than it was asked for, which has ended. */
        begun = launch_begun_usec(c->name);
        if (begun > job->started_usec && begun != UINT64_MAX) {
                job_finish(job, NULL);
                return;
        }
        r = container_stop(c, job->argument, false, job, &error);
        if (r < 0)
                end_failed(job, r, &error);
}

static void settle_restart(Job *job, Container *c) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r = 0;

        if (!c)
                end_canceled(job, "the container has gone: see \"ctrctl list\"");
        else if (c->state == CONTAINER_STOPPING)
                container_stop_follow(c, true, job);
        else if (c->started_usec >= job->started_usec && is_up(c))
                job_finish(job, NULL);
        else if (is_down(c) && c->exit.reason == EXIT_START_FAILED)
                settle_start(job, c);
        else if (is_down(c))
                r = container_start_in_turn(c, job, &error);
        else if (is_up(c))
                r = container_stop(c, job->argument, true, job, &error);
        else
                container_start_follow(c, job);
        if (r < 0)
                end_failed(job, r, &error);
}

static void end_unknown(Job *job) {
        end_canceled(job, "it is not known how far it had come: look before you try again");
}

/* Its first half, in which the init ends its services, cannot be told from before: to be asked
 * for it once more changes nothing then. */
static void settle_soft_reboot(Job *job, Container *c) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r = 0;

        if (!c || is_down(c))
                settle_start(job, c);
        else if (!is_up(c))
                container_start_follow(c, job);
        else if (c->ready_usec >= job->started_usec)
                job_finish(job, NULL);
        else
                r = container_soft_reboot(c, job, &error);
        if (r < 0)
                end_failed(job, r, &error);
}

/* Whether it is another that has the name now. */
static bool was_made_since(const Container *c, const Job *job) {
        return c->identity.created_usec >= job->started_usec;
}

static void settle_removal(Job *job, Container *c) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r;

        if (!c || was_made_since(c, job)) {
                job_finish(job, NULL);
                return;
        }
        r = container_remove(c, job->argument != 0, job, &error);
        if (r < 0)
                end_failed(job, r, &error);
}

static void settle_creation(Job *job, Container *c) {
        if (c && was_made_since(c, job))
                job_finish(job, NULL);
        else
                end_canceled(job, "what it had done was undone: try again");
}

static void settle_image_removal(Job *job, Container *none) {
        Image *image = job->image ? map_get(&job->manager->images, job->image) : NULL;
        _cleanup_error_ Error error = ERROR_INIT;

        if (!job->image)
                end_unknown(job);
        else {
                if (image)
                        (void) manager_remove_image(job->manager, image, &error);
                job_finish(job, &error);
        }
}

static void settle(Job *job) {
        static const struct {
                const char *kind;
                void (*settle)(Job *job, Container *container);
        } kinds[] = {
                { "start", settle_start },
                { "stop", settle_stop },
                { "restart", settle_restart },
                { "remove", settle_removal },
                { "soft-reboot", settle_soft_reboot },
                { "create", settle_creation },
                { "clone", settle_creation },
                { "remove-image", settle_image_removal },
        };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (streq(kinds[i].kind, job->kind)) {
                        kinds[i].settle(job, map_get(&job->manager->containers, job->container));
                        return;
                }
        end_unknown(job);
}

void job_survivors_settle(Manager *manager) {
        Job *job;

        /* In the order in which they were asked for: the last has its way. */
        MAP_FOREACH(job, &manager->jobs)
                settle(job);
}
