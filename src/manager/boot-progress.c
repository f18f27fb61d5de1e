/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "boot-progress.h"
#include "clock.h"
#include "container-run.h"

/* Percent of the job: of what comes before PID 1 runs, container-start.c tells. */
#define PERCENT_BOOTING 70
#define PERCENT_WORD 75

static const struct {
        const char *target;
        unsigned percent;
} milestones[] = {
        { "sysinit.target", 80 },
        { "basic.target", 85 },
        { "multi-user.target", 95 },
        { "graphical.target", 95 },
};

static const char *boot_progress(const Container *c) {
        switch (c->state) {
        case CONTAINER_STARTING:
        case CONTAINER_REBOOTING:
                if (c->phase == MONITOR_RUNNING || c->phase == MONITOR_READY)
                        return isempty(c->boot_target) ? "booting" : c->boot_target;
                return c->launch || c->unit || c->profile ? "preparing" : "creating";
        case CONTAINER_RUNNING:
        case CONTAINER_FROZEN:
                return "ready";
        default:
                return "";
        }
}

void boot_progress_update(Container *c) {
        const char *now = boot_progress(c);
        char *copy;

        if (streq(strempty(c->boot_progress), now) || !(copy = strdup(now)))
                return;
        free(c->boot_progress);
        c->boot_progress = copy;
        container_changed(c, "BootProgress", NULL);
}

static bool take_text(char **text, const char *now) {
        char *copy;

        if (streq(strempty(*text), now) || !(copy = strdup(now)))
                return false;
        free(*text);
        *text = copy;
        return true;
}

static void tell_job(Container *c, bool status, bool target) {
        bool boots = c->state == CONTAINER_STARTING || c->state == CONTAINER_REBOOTING;
        unsigned percent = PERCENT_WORD;
        char text[128];

        if (!c->job || (!boots && c->state != CONTAINER_STOPPING))
                return;
        for (size_t i = 0; i < ELEMENTSOF(milestones); i++)
                if (streq(milestones[i].target, strempty(c->boot_target)))
                        percent = milestones[i].percent;
        if (!boots)
                percent = 0;
        percent = MAX(percent, c->job->progress);
        if (status && !isempty(c->status_text))
                job_progress(c->job, percent, c->status_text);
        else if (target && boots) {
                snprintf(text, sizeof(text), "Reached %s", c->boot_target);
                job_progress(c->job, percent, text);
        }
}

static void extend_start(Container *c, uint64_t until) {
        uint64_t due;

        if (!c->timer || (c->state != CONTAINER_STARTING && c->state != CONTAINER_REBOOTING))
                return;
        until = MIN(until, c->start_latest_usec);
        if (sd_event_source_get_time(c->timer, &due) >= 0 && until > due) {
                c->start_extended = true;
                (void) sd_event_source_set_time(c->timer, until);
        }
}

void boot_progress_take(Container *c, const GuestWords *words) {
        bool status = take_text(&c->status_text, words->status), target = take_text(&c->boot_target, words->target);

        if (status)
                container_changed(c, "StatusText", NULL);
        boot_progress_update(c);
        tell_job(c, status, target && !isempty(c->boot_target));
        if (words->extended_usec > 0)
                extend_start(c, words->extended_usec);
}

void boot_progress_begin_timer(Container *c) {
        uint64_t due;

        run_set_timer(c, c->settings->start_timeout_usec, run_on_start_timeout);
        c->start_extended = false;
        c->start_latest_usec = c->timer && sd_event_source_get_time(c->timer, &due) >= 0
                                       ? usec_add(due, c->settings->extend_timeout_max_usec)
                                       : 0;
}
