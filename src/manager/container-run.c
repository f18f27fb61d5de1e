/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The run of a container, from the manager's side, once container-start.c has begun
 * it. docs/architecture.md has the order. Each step is a callback; whatever goes wrong in any of them ends in
 * run_fail(), and every end, good or bad, in run_ended(): the same code that
 * removes what a crash left.
 */

#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "apparmor-profile.h"
#include "boot-progress.h"
#include "clock.h"
#include "container-run.h"
#include "ephemeral.h"
#include "fd.h"
#include "launch.h"
#include "live.h"
#include "machined.h"
#include "manager.h"
#include "name.h"
#include "parse.h"
#include "paths.h"
#include "settings-change.h"
#include "socket.h"
#include "strv.h"

/* A monitor that was told to end and does not is killed after this. */
#define END_TIMEOUT_USEC (10 * USEC_PER_SEC)
#define END_RETRY_USEC (USEC_PER_SEC / 2) /* where there was no memory to ask systemd */

static void run_ended(Container *c, const ExitRecord *record, bool told);

void run_set_timer(Container *c, uint64_t usec, sd_event_time_handler_t handler) {
        c->timer = sd_event_source_disable_unref(c->timer);
        if (usec != USEC_INFINITY)
                (void) sd_event_add_time_relative(c->manager->event, &c->timer, CLOCK_MONOTONIC, usec, 0, handler, c);
}

void run_take_job(Container *c, Job *job) {
        c->job = job;
        if (job)
                container_changed(c, "Job", NULL);
}

void run_end_job(Container *c, const Error *error) {
        Job *job = c->job;

        c->job = NULL;
        if (job) {
                container_changed(c, "Job", NULL);
                job_finish(job, error);
        }
}

/* The end. */

static void kill_scope(Container *c) {
        char unit[UNIT_NAME_MAX];

        unit_scope_name(c->name, unit);
        (void) unit_destroy_scope(c->manager->units, unit);
}

void run_drop_requests(Container *c) {
        c->launch = launcher_request_drop(c->launch);
        c->profile = confinement_load_free(c->profile);
        unit_request_drop(c->unit);
        c->unit = NULL;
        journal_forward_drop(&c->forward);
}

void run_unconfine(Container *c) {
        int r = apparmor_label_is_stacked(c->apparmor) ? confinement_end(c->name) : 0;

        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot remove the AppArmor policy namespace of %s: %s", c->name, strerror(-r));
        free(c->apparmor);
        c->apparmor = NULL;
        selinux_contexts_clear(&c->selinux);
}

/* The scope has gone and machined has forgotten it: nothing of the run is left but
 * its directory. */
static void run_cleared(Container *c) {
        _cleanup_error_ Error failure = ERROR_INIT;
        Job *job = c->job;
        int r;

        c->timer = sd_event_source_disable_unref(c->timer);
        c->ending = false;
        if (c->host_stops && !unit_host_goes_down(c->manager->units))
                recovery_give_up(c);
        else if (!c->restart)
                recovery_run_ended(c, c->ready_usec);
        c->host_stops = false;
        run_unconfine(c);
        r = launch_remove(c->name);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot remove " PATH_RUN "/%s: %s", c->name, strerror(-r));

        bool wanted = c->state == CONTAINER_STOPPING;
        bool bad = c->exit.reason == EXIT_START_FAILED ||
                   (!wanted && (c->exit.reason == EXIT_MONITOR_LOST || c->exit.reason == EXIT_SIGNALED ||
                                (c->exit.reason == EXIT_EXITED && c->exit.code != 0)));
        c->leader = 0;
        c->phase = MONITOR_IDLE;
        c->started_usec = c->ready_usec = 0;
        boot_progress_take(c, &(GuestWords){ .status = "", .target = "" });
        container_set_addresses(c, NULL);
        error_move(&failure, &c->failure);
        container_changed(c, "Leader", "StartedAt", "ReadyAt", "ExitReason", "ExitStatus", "ExitedAt", NULL);
        container_event(c, bad ? EVENT_FAILED : EVENT_ENDED);
        sd_journal_print(bad ? LOG_WARNING : LOG_INFO, "Container %s ended: %s %d%s%s", c->name,
                         exit_reason_to_string(c->exit.reason), c->exit.code, c->exit.message ? ": " : "",
                         strempty(c->exit.message));

        if (c->restart) {
                Error error = ERROR_INIT;

                c->restart = false;
                c->job = NULL;
                r = container_start(c, job, &error);
                if (r < 0) {
                        ephemeral_forget(c);
                        container_changed(c, "Job", NULL);
                        job_finish(job, &error);
                }
                error_clear(&error);
                return;
        }

        container_reload_settings(c);
        if (job && streq(job->kind, "remove")) {
                c->job = NULL;
                container_removal_continue(c, job);
                return;
        }
        /* A restart that comes here has had its stop, and failed in its start. */
        if (job && (streq(job->kind, "start") || streq(job->kind, "restart") || streq(job->kind, "soft-reboot"))) {
                if (!error_is_set(&failure))
                        error_set(&failure, wanted ? ECANCELED : EIO, "StartFailed",
                                  wanted ? "the start of %s was canceled" : "%s ended before it was up: see \"ctrctl logs %s\"",
                                  c->name, c->name);
        } else
                error_clear(&failure);
        if (bond_run_ended(c) || ephemeral_run_ended(c)) {
                /* Whoever waits for the job finds it gone. */
                c->job = NULL;
                container_changed(c, "Job", NULL);
                container_removal_continue(c, NULL);
                job_finish(job, &failure);
                return;
        }
        run_end_job(c, &failure);
}

static void on_scope_gone(const Error *ignored, void *userdata) {
        Container *c = userdata;

        c->unit = NULL;
        c->scope = false;
        if (!c->machined)
                run_cleared(c);
}

static void on_unregistered(void *userdata) {
        Container *c = userdata;

        c->machined = sd_bus_slot_unref(c->machined);
        if (!c->scope)
                run_cleared(c);
}

static int on_end_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        Container *c = userdata;
        char unit[UNIT_NAME_MAX];

        /* What is in it does not end. */
        unit_scope_name(c->name, unit);
        kill_scope(c);
        if (!c->unit && unit_wait_gone(c->manager->units, unit, on_scope_gone, c, &c->unit) < 0)
                run_set_timer(c, END_RETRY_USEC, on_end_timeout);
        return 0;
}

/* told: by the monitor, which has written the record. */
static void run_ended(Container *c, const ExitRecord *record, bool told) {
        MonitorLink *link = TAKE_PTR(c->link);
        char unit[UNIT_NAME_MAX];
        int r;

        if (c->ending)
                return;
        c->ending = true;
        c->adopting = c->unfinished = false;

        exit_record_clear(&c->exit);
        c->exit = (ExitRecord){
                .reason = record->reason,
                .code = record->code,
                .timestamp_usec = record->timestamp_usec ?: now_usec(CLOCK_REALTIME),
                .message = record->message ? strdup(record->message) : NULL,
        };
        c->machined = sd_bus_slot_unref(c->machined);
        run_drop_requests(c);
        c->stop_timer = sd_event_source_disable_unref(c->stop_timer);
        monitor_link_free(link);
        settings_change_run_ended(c);

        if (!told) {
                r = exit_record_save(c->name, &c->exit);
                if (r < 0)
                        sd_journal_print(LOG_WARNING, "Cannot write the exit record of %s: %s", c->name, strerror(-r));
                kill_scope(c);
        }

        unit_scope_name(c->name, unit);
        run_set_timer(c, END_TIMEOUT_USEC, on_end_timeout);
        /* machined stops the scope of a machine whose leader it finds dead, by name,
         * when it gets to it: the next run's scope, if it were let begin before
         * machined has forgotten this one (systemd#2809 and its like). */
        (void) machined_unregister(c->manager->bus, c->name, on_unregistered, c, &c->machined);
        c->scope = true;
        if (unit_wait_gone(c->manager->units, unit, on_scope_gone, c, &c->unit) < 0)
                run_set_timer(c, END_RETRY_USEC, on_end_timeout);
}

void run_destroy(Container *c, const char *why) {
        run_ended(c, &(ExitRecord){ .reason = EXIT_KILLED, .code = SIGKILL, .message = (char *) why }, false);
}

void run_fail(Container *c, const Error *cause) {
        ExitRecord record = { .reason = EXIT_START_FAILED, .message = (char *) error_message(cause) };

        /* What did not come up because it was asked to stop has not failed. */
        if (c->state == CONTAINER_STOPPING && cause->errnum == ECANCELED)
                record = (ExitRecord){ .reason = EXIT_KILLED, .code = SIGKILL };
        if (!error_is_set(&c->failure))
                error_set(&c->failure, cause->errnum, cause->name ?: "StartFailed", "%s", error_message(cause));
        run_ended(c, &record, false);
}

/* The start. */

int run_on_start_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        Container *c = userdata;

        error_set(&c->failure, ETIMEDOUT, "StartFailed",
                  "%s was not ready within StartTimeoutSec=%llus%s: see \"ctrctl logs %s\", or set NotifyReady=no if its init never says so",
                  c->name, (unsigned long long) (c->settings->start_timeout_usec / USEC_PER_SEC),
                  c->start_extended ? " and the time that it asked for" : "", c->name);

        Error copy = ERROR_INIT;
        error_set(&copy, ETIMEDOUT, "StartFailed", "%s", error_message(&c->failure));
        run_fail(c, &copy);
        error_clear(&copy);
        return 0;
}

static void run_ready(Container *c) {
        if (c->state == CONTAINER_STARTING || c->state == CONTAINER_REBOOTING) {
                c->timer = sd_event_source_disable_unref(c->timer);
                container_event(c, EVENT_READY);
                if (c->job && !streq(c->job->kind, "stop"))
                        run_end_job(c, NULL);
                if (c->unfinished) {
                        c->unfinished = false;
                        settings_change_repair(c);
                }
        }
}

static void on_machined_done(void *userdata) {
        Container *c = userdata;
        int r;

        c->machined = sd_bus_slot_unref(c->machined);
        if (!c->link || c->phase != MONITOR_CREATED)
                return;
        r = monitor_link_command(c->link, "start");
        if (r < 0) {
                Error error = ERROR_INIT;

                error_set_errno(&error, r, "cannot tell the monitor to start");
                run_fail(c, &error);
                error_clear(&error);
        }
}

/* The host's end of its link, or 0. */
static int host_interface(const Container *c) {
        char interface[NAME_INTERFACE_MAX];

        if (c->settings->network_mode != NETWORK_VETH)
                return 0;
        name_host_interface(c->name, interface);
        return (int) if_nametoindex(interface);
}

static void run_created(Container *c) {
        int r;

        c->machined = sd_bus_slot_unref(c->machined);
        r = machined_register(c->manager->bus, c->name, c->identity.machine_id, c->leader, host_interface(c), on_machined_done, c,
                              &c->machined);
        if (r < 0)
                on_machined_done(c);
}

static void on_registration_ensured(void *userdata) {
        Container *c = userdata;

        c->machined = sd_bus_slot_unref(c->machined);
}

/* It was started, or has rebooted, while there was no ctrd, or no bus. */
static void ensure_registration(Container *c) {
        c->machined = sd_bus_slot_unref(c->machined);
        (void) machined_ensure(c->manager->bus, c->name, c->identity.machine_id, c->leader, host_interface(c),
                               on_registration_ensured, c, &c->machined);
}

static void on_addresses(const char *text, void *userdata) {
        container_set_addresses(userdata, text);
}

/* As a stop that was asked of us, though the monitor is at it already. Whether the host goes
 * down with it is said by systemd on the bus, which may be later than this, but not later
 * than the end of the scope: run_cleared() decides what becomes of it. */
static void on_host_stops(Container *c) {
        c->host_stops = true;
        c->restart = false;
        c->timer = sd_event_source_disable_unref(c->timer);
        container_event(c, EVENT_STOP);
}

static void on_phase(const MonitorStatus *status, bool snapshot, void *userdata) {
        Container *c = userdata;
        MonitorPhase before = c->phase;
        bool adopted = c->adopting;

        c->adopting = false;
        if (adopted)
                c->forward.found = status->phase == MONITOR_READY;
        if (adopted && status->phase != MONITOR_IDLE && status->phase != MONITOR_STOPPING)
                recovery_run_found(c);
        c->phase = status->phase;
        c->leader = status->leader;
        c->started_usec = status->started_usec;
        c->ready_usec = status->ready_usec;
        container_changed(c, "Leader", "StartedAt", "ReadyAt", NULL);
        boot_progress_take(c, &status->guest);
        container_set_addresses(c, status->addresses);
        if (adopted && (status->phase == MONITOR_RUNNING || status->phase == MONITOR_READY))
                ensure_registration(c);
        if (status->host_stops) {
                on_host_stops(c);
                return;
        }

        /* What it was at when it was frozen it will go on with. */
        if (status->frozen) {
                run_ready(c);
                container_event(c, EVENT_FREEZE);
                return;
        }
        if (c->state == CONTAINER_FROZEN)
                container_event(c, EVENT_THAW);

        switch (status->phase) {
        case MONITOR_CREATED:
                if (before != MONITOR_CREATED || snapshot) {
                        job_progress(c->job, 50, "Starting init");
                        run_created(c);
                }
                break;
        case MONITOR_RUNNING:
                ephemeral_run_began(c);
                if (before == MONITOR_READY) { /* a soft reboot */
                        journal_forward_renew(&c->forward);
                        container_event(c, EVENT_REBOOT);
                        boot_progress_begin_timer(c);
                }
                job_progress(c->job, 70, "Booting");
                break;
        case MONITOR_READY:
                ephemeral_run_began(c);
                run_ready(c);
                journal_forward_begin(c);
                break;
        case MONITOR_REBOOTING:
                journal_forward_drop(&c->forward);
                container_event(c, EVENT_REBOOT);
                if (c->state == CONTAINER_REBOOTING)
                        boot_progress_begin_timer(c);
                break;
        case MONITOR_STOPPING:
                c->timer = sd_event_source_disable_unref(c->timer);
                container_event(c, EVENT_STOP);
                break;
        case MONITOR_IDLE:
                /* A ctrd before us was killed before it had said "create"; whether
                 * its scope came about is not known. It is undone. A monitor of our
                 * own may say this after we have told it to create. */
                if (snapshot && adopted) {
                        c->unbegun = true;
                        (void) monitor_link_command(c->link, "abort");
                }
                break;
        default:
                break;
        }
}

static void on_guest(const GuestWords *words, void *userdata) {
        boot_progress_take(userdata, words);
}

static void on_failed(Error *error, void *userdata) {
        run_fail(userdata, error);
}

static void on_exited(ExitReason reason, int code, uint64_t timestamp_usec, void *userdata) {
        ExitRecord record = { .reason = reason, .code = code, .timestamp_usec = timestamp_usec };

        run_ended(userdata, &record, true);
}

/* There is no monitor any more and it has told us nothing. It may have ended well:
 * while we were away, or between our connection and its next word. Then the record
 * is of this run, which began when its plan was written. Else somebody killed it,
 * or the start had not come to it; its container must not live on without it. */
static void run_orphaned(Container *c) {
        ExitRecord record = { .reason = EXIT_MONITOR_LOST };
        /* The plan is removed after the end was recorded: without it, the record is of the last
         * run there was. */
        bool known = exit_record_load_since(c->name, launch_begun_usec(c->name), &record) >= 0;

        /* It had not come up, or ended by itself: what it was made for nobody had told it. */
        c->unbegun = !known && (c->unbegun || c->adopting);
        if (c->state == CONTAINER_STARTING)
                error_set(&c->failure, ECONNRESET, "StartFailed", "%s",
                          record.message ?: "the container's monitor ended unexpectedly");
        kill_scope(c);
        run_ended(c, &record, known);
        exit_record_clear(&record);
}

static void on_closed(void *userdata) {
        run_orphaned(userdata);
}

const MonitorLinkOps run_link_ops = {
        .phase = on_phase,
        .guest = on_guest,
        .addresses = on_addresses,
        .failed = on_failed,
        .exited = on_exited,
        .closed = on_closed,
};

/* Survival: what a ctrd that comes up finds. */

void container_adopt(Container *c) {
        char dir[PATH_MAX], control[PATH_MAX];
        int fd, r;

        launch_dir(c->name, dir, sizeof(dir));
        if (access(dir, F_OK) < 0)
                return; /* not running */

        /* Whatever it is at, a run is under way; the snapshot says what. */
        container_event(c, EVENT_START);
        c->apparmor = launch_label(c->name, LAUNCH_APPARMOR);
        c->selinux.process = launch_label(c->name, LAUNCH_SELINUX);
        c->selinux.mount = launch_label(c->name, LAUNCH_SELINUX_MOUNT);
        /* What it has may be other than what its files say. */
        (void) live_load(c->name, c->settings);
        c->unfinished = live_is_unfinished(c->name);
        snprintf(control, sizeof(control), "%s/control", dir);
        fd = socket_connect(control, SOCK_SEQPACKET);
        if (fd >= 0) {
                r = monitor_link_new(c->manager->event, fd, &run_link_ops, c, &c->link);
                if (r >= 0) {
                        c->adopting = true;
                        boot_progress_begin_timer(c);
                        return;
                }
        }

        /* One that was killed has left its socket. */
        c->unbegun = fd == -ENOENT;
        run_orphaned(c);
}
