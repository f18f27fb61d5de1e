/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The start of a container up to where its monitor is told to create it; from
 * there, container-run.c follows what the monitor says.
 */

#include <limits.h>
#include <sys/socket.h>

#include "boot-progress.h"
#include "container-run.h"
#include "fd.h"
#include "idpool.h"
#include "launch.h"
#include "manager.h"
#include "settings-files.h"
#include "socket.h"
#include "strv.h"
#include "view.h"
#include "unit-dependencies.h"

/* The monitor and its scope are made while the profile is loaded; init waits for all. */
static void run_prepared(Container *c) {
        Error cause = ERROR_INIT;
        int r;

        if (c->launch || c->unit || c->profile)
                return;
        boot_progress_update(c);
        job_progress(c->job, 20, "Creating");
        r = monitor_link_command(c->link, "create");
        if (r < 0) {
                error_set_errno(&cause, r, "cannot talk to the monitor");
                run_fail(c, &cause);
                error_clear(&cause);
        }
}

static void on_scope_ready(const Error *error, void *userdata) {
        Container *c = userdata;

        c->unit = NULL;
        if (c->job)
                turn_go_on(c->job->turn);
        if (error) {
                run_fail(c, error);
                return;
        }
        /* Its time begins when others have had theirs. */
        if (unit_has_dependencies(c->settings) && c->state == CONTAINER_STARTING)
                boot_progress_begin_timer(c);
        run_prepared(c);
}

static void on_profile_loaded(const Error *error, void *userdata) {
        Container *c = userdata;

        c->profile = NULL;
        if (error)
                run_fail(c, error);
        else
                run_prepared(c);
}

/* The monitor waits in its scope for what it is told. */
static void on_monitor_started(pid_t pid, const Error *error, void *userdata) {
        _cleanup_error_ Error cause = ERROR_INIT;
        Container *c = userdata;
        int r;

        c->launch = NULL;
        if (error) {
                run_fail(c, error);
                return;
        }
        r = unit_start_scope(c->manager->units, c->name, c->settings, pid, on_scope_ready, c, &c->unit);
        if (r < 0) {
                error_set_errno(&cause, r, "cannot make the scope of %s", c->name);
                run_fail(c, &cause);
        } else if (unit_has_dependencies(c->settings)) {
                job_progress(c->job, 15, "Waiting for what it comes after");
                /* It may be a start that waits for its turn. */
                if (c->job)
                        turn_pause(c->job->turn);
        }
}

static int start_monitor(Container *c, Error *error) {
        _cleanup_fd_ int theirs = -EBADF;
        int pair[2], r;

        r = socket_pair(SOCK_SEQPACKET, pair);
        if (r < 0)
                return error_set_errno(error, r, "cannot make a socket pair");
        theirs = pair[1];

        r = monitor_link_new(c->manager->event, pair[0], &run_link_ops, c, &c->link);
        return r < 0 ? r : launcher_spawn(c->manager->event, LAUNCHER_MONITOR, c->name, theirs, on_monitor_started, c, &c->launch, error);
}

/* The settings may ask for other ids than they did at creation, and the host may not
 * have had SELinux then. */
int run_renumber(Container *c, Error *error) {
        Identity identity = c->identity;
        int r, q;

        r = idpool_assign(c->manager, c->name, c->settings, &identity, error);
        q = r < 0 ? r : selinux_assign(c->manager, c->name, &identity, error);
        if (q < 0 || (r == 0 && q == 0))
                return q;
        r = identity_save(c->name, &identity, error);
        if (r < 0)
                return r;
        c->identity = identity;
        container_changed(c, "UserNamespace", "Privileged", "UIDBase", "UIDCount", NULL);
        return 0;
}

/* Each waits for what comes before it: in a circle, for ever. */
static int check_order(Container *c, Error *error) {
        _cleanup_strv_ char **seen = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0;) {
                Container *before = i == 0 ? c : map_get(&c->manager->containers, seen[i - 1]);

                STRV_FOREACH(w, before ? before->settings->after : NULL) {
                        if (streq(*w, c->name))
                                return error_set(error, ELOOP, "InvalidSettings",
                                                 "container %s would wait for itself: it is in After= of %s, and comes after that", c->name,
                                                 before->name);
                        if (r >= 0 && !strv_contains(seen, *w))
                                r = strv_extend(&seen, *w);
                }
                if (i++ >= strv_length(seen))
                        break;
        }
        return r;
}

static void cancel_start(Job *job, void *userdata) {
        Container *c = userdata;
        Error error = ERROR_INIT;

        /* The stop takes the job over and ends it as canceled. */
        if (container_stop(c, 1, false, NULL, &error) < 0)
                error_clear(&error);
}

void container_start_follow(Container *c, Job *job) {
        run_take_job(c, job);
        job->cancel = cancel_start;
        job->userdata = c;
}

static int check_state(const Container *c, Error *error) {
        if (container_is_queued(c))
                return error_set(error, EBUSY, "Busy", "container %s is to be started by job %s: it waits for its turn", c->name, c->job->key);
        if (!container_state_is_active(c->state) && c->job)
                return error_set(error, EBUSY, "Busy", "a %s of container %s is under way: try again when it has ended, or cancel it",
                                 c->job->kind, c->name);
        if (container_state_next(c->state, EVENT_START) >= 0 && !c->job && !c->ending)
                return container_check_unused(c, error);
        return container_state_is_active(c->state) && !c->ending
                       ? error_set(error, EALREADY, "Running", "container %s is %s already", c->name, container_state_to_string(c->state))
                       : error_set(error, EBUSY, "Busy", "container %s is busy: try again when it is stopped", c->name);
}

bool container_is_queued(const Container *c) {
        return c->job && c->job->state == JOB_QUEUED;
}

static void on_turn(Job *job, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;
        Container *c = userdata;
        int r;

        c->job = NULL;
        r = container_start(c, job, &error);
        if (r < 0) {
                error_set_errno(&error, r, "cannot start %s", c->name);
                container_changed(c, "Job", NULL);
                job_finish(job, &error);
        }
}

int container_start_in_turn(Container *c, Job *job, Error *error) {
        int r = check_state(c, error);

        if (r >= 0)
                r = job_take_turn(job, c->manager->start_queue, on_turn);
        if (r != 0)
                return r < 0 ? r : container_start(c, job, error);
        container_start_follow(c, job);
        return 0;
}

int container_start(Container *c, Job *job, Error *error) {
        Settings *settings;
        char dir[PATH_MAX];
        Launch launch;
        int r = check_state(c, error);

        if (r < 0)
                return r;

        /* Edits of the file take effect at a start. */
        r = settings_files_load(c->name, NULL, &settings, error);
        if (r < 0)
                return r;
        container_take_settings(c, settings);
        r = check_order(c, error);
        if (r >= 0)
                r = view_check(c->manager, c->settings, error);
        if (r >= 0)
                r = run_renumber(c, error);
        if (r < 0)
                return r;

        r = selinux_contexts(c->settings, &c->identity, &c->selinux, error);
        if (r >= 0)
                r = confinement_prepare(c->name, c->settings, &c->apparmor, error);
        if (r >= 0)
                r = container_launch(c, &launch, dir, sizeof(dir), error);
        if (r >= 0)
                r = launch_prepare(&launch, error);
        if (r < 0) {
                run_unconfine(c);
                return error_is_set(error) ? r : error_set_errno(error, r, "cannot prepare the start of %s", c->name);
        }

        r = start_monitor(c, error);
        if (r >= 0)
                r = confinement_load(c->manager->event, c->name, c->apparmor, on_profile_loaded, c, &c->profile, error);
        if (r < 0) {
                /* A monitor whose connection closes before it was told anything
                 * ends by itself. */
                c->link = monitor_link_free(c->link);
                run_drop_requests(c);
                run_unconfine(c);
                (void) launch_remove(c->name);
                return error_is_set(error) ? r : error_set_errno(error, r, "cannot start %s", c->name);
        }

        error_clear(&c->failure);
        c->unbegun = false;
        c->phase = MONITOR_IDLE;
        container_event(c, EVENT_START);
        if (job) {
                container_start_follow(c, job);
                job_progress(job, 10, "Preparing");
        }
        if (unit_has_dependencies(c->settings))
                run_set_timer(c, USEC_INFINITY, NULL);
        else
                boot_progress_begin_timer(c);
        recovery_run_began(c);
        return 0;
}

