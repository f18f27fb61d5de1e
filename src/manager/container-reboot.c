/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The soft reboot of a container, asked for from outside: init is told, and the job ends
 * when it says that it is ready once more. One that the guest begins by itself comes to
 * container-run.c alone.
 */

#include "container-run.h"
#include "manager.h"

static bool is_awaited(const Container *c) {
        return c->job && streq(c->job->kind, "soft-reboot");
}

/* Nothing has ended that would have to be put right: it runs as before. */
static int on_not_begun(sd_event_source *source, uint64_t usec, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;
        Container *c = userdata;

        c->timer = sd_event_source_disable_unref(c->timer);
        error_set(&error, ETIMEDOUT, NULL, "%s has not ended its services within StopTimeoutSec=%llus: see \"systemctl -M %s list-jobs\"",
                  c->name, (unsigned long long) (c->settings->stop_timeout_usec / USEC_PER_SEC), c->name);
        if (is_awaited(c))
                run_end_job(c, &error);
        return 0;
}

static void on_asked(const Error *error, void *userdata) {
        Container *c = userdata;

        /* Without a link, or where init was gone before it was asked, it has ended: which ends the job too. */
        if (!c->link || !is_awaited(c) || !error_is_set(error) || error->errnum == ESRCH)
                return;
        c->timer = sd_event_source_disable_unref(c->timer);
        run_end_job(c, error);
}

int container_soft_reboot(Container *c, Job *job, Error *error) {
        WireWriter w;
        int r;

        if (!c->link || c->ending || !container_state_is_active(c->state))
                return error_set(error, ENOENT, "NotRunning", "container %s is not running: start it first", c->name);
        if (c->state != CONTAINER_RUNNING || c->job)
                return error_set(error, EBUSY, "Busy", "container %s is %s: try again when it is running%s", c->name,
                                 container_state_to_string(c->state), c->job ? " and no job works on it" : "");

        wire_begin(&w);
        wire_put(&w, "COMMAND", "soft-reboot");
        run_take_job(c, job);
        r = monitor_link_send(c->link, &w, NULL, 0, on_asked, c);
        if (r < 0) {
                run_take_job(c, NULL);
                container_changed(c, "Job", NULL);
                return error_set_errno(error, r, "cannot talk to the monitor of %s", c->name);
        }
        job_progress(job, 10, "Ending its services");
        run_set_timer(c, c->settings->stop_timeout_usec, on_not_begun);
        return 0;
}
