/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The stop of a container, which may be the first half of a restart: the monitor is told, and
 * container-run.c follows what it says. Where it says nothing there is a deadline.
 */

#include <systemd/sd-journal.h>

#include "clock.h"
#include "container-run.h"
#include "manager.h"

static int send_stop(Container *c, uint64_t timeout_usec) {
        WireWriter w;
        int r;

        /* Not "abort", in any phase: what we know of the phase is old, and a start
         * may be on its way. */
        wire_begin(&w);
        wire_put(&w, "COMMAND", "stop");
        if (timeout_usec > 0)
                wire_put_u64(&w, "TIMEOUT_USEC", timeout_usec);
        r = monitor_link_send(c->link, &w, NULL, 0, NULL, NULL);
        /* It ends at this moment, as it is asked to: on_closed() is about to hear of it. Or it
         * hangs, and all that it was told before waits for it: then there is the deadline. */
        return r == -EPIPE || r == -ECONNRESET || r == -EAGAIN || r == -EBUSY ? 0 : r;
}

/* A monitor that hangs is no excuse: systemd ends the scope, and the monitor with it. */
static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Container *c = userdata;

        c->stop_timer = sd_event_source_disable_unref(c->stop_timer);
        sd_journal_print(LOG_WARNING, "The monitor of container %s does not end it: systemd kills both", c->name);
        job_progress(c->job, 90, "Its monitor does not end it: systemd kills both");
        run_destroy(c, "its monitor did not end it, and systemd has killed both");
        return 0;
}

/* timeout_usec: as the monitor was told, 0 for that of the settings. */
static void set_deadline(Container *c, uint64_t timeout_usec) {
        uint64_t latest = timeout_usec > 0 ? timeout_usec : usec_add(c->settings->stop_timeout_usec, c->settings->extend_timeout_max_usec);

        latest = usec_add(latest, c->manager->settings.monitor_timeout_usec);
        c->stop_timer = sd_event_source_disable_unref(c->stop_timer);
        if (latest != USEC_INFINITY)
                (void) sd_event_add_time_relative(c->manager->event, &c->stop_timer, CLOCK_MONOTONIC, latest, 0, on_deadline, c);
}

int container_stop(Container *c, uint64_t timeout_usec, bool restart, Job *job, Error *error) {
        int r;

        if (container_is_queued(c)) {
                _cleanup_error_ Error canceled = ERROR_INIT;

                error_set(&canceled, ECANCELED, "Canceled", "the start of %s was canceled before its turn", c->name);
                recovery_give_up(c);
                run_end_job(c, &canceled);
                job_finish(job, NULL);
                return 0;
        }
        if (!container_state_is_active(c->state)) {
                if (c->recovery.due_usec == 0 || restart)
                        return error_set(error, ENOENT, "NotRunning", "container %s is not running", c->name);
                recovery_give_up(c);
                job_finish(job, NULL);
                return 0;
        }
        if (c->ending && job && c->job)
                return error_set(error, EBUSY, "Busy", "container %s is ending already", c->name);

        if (!c->ending && !c->link)
                return error_set(error, ENOTCONN, "Busy", "container %s has no monitor: it is ending", c->name);

        /* First: of a stop that was told and is forgotten the container would come back. */
        if (!restart && !unit_host_goes_down(c->manager->units))
                recovery_give_up(c);
        if (!c->ending) {
                r = send_stop(c, timeout_usec);
                if (r < 0)
                        return error_set_errno(error, r, "cannot talk to the monitor of %s", c->name);
                c->timer = sd_event_source_disable_unref(c->timer);
                set_deadline(c, timeout_usec);
        }

        if (job)
                container_stop_follow(c, restart, job);
        else
                c->restart = restart;
        container_event(c, EVENT_STOP);
        return 0;
}

void container_stop_follow(Container *c, bool restart, Job *job) {
        _cleanup_error_ Error canceled = ERROR_INIT;

        /* A start that is under way is over with this; a stop before us has its
         * answer when ours has. */
        if (c->job) {
                error_set(&canceled, ECANCELED, "Canceled", "container %s was asked to stop", c->name);
                run_end_job(c, &canceled);
        }
        run_take_job(c, job);
        c->restart = restart;
        /* One that a ctrd before us has told. */
        if (!c->ending && !c->stop_timer)
                set_deadline(c, streq(job->kind, "remove") ? 1 : job->argument);
}
