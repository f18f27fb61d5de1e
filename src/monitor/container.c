/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <assert.h>
#include <signal.h>
#include <stdio.h>

#include "container.h"
#include "container-events.h"
#include "container-requests.h"
#include "fd.h"

#define TO(phase) (1U << (phase))

static const unsigned successors[_MONITOR_PHASE_MAX] = {
        [MONITOR_IDLE] = TO(MONITOR_CREATING),
        [MONITOR_CREATING] = TO(MONITOR_CREATED),
        [MONITOR_CREATED] = TO(MONITOR_STARTING),
        [MONITOR_STARTING] = TO(MONITOR_RUNNING),
        [MONITOR_RUNNING] = TO(MONITOR_READY) | TO(MONITOR_STOPPING) | TO(MONITOR_REBOOTING),
        [MONITOR_READY] = TO(MONITOR_RUNNING) /* a soft reboot */ | TO(MONITOR_STOPPING) | TO(MONITOR_REBOOTING),
        [MONITOR_STOPPING] = TO(MONITOR_REBOOTING),
        [MONITOR_REBOOTING] = TO(MONITOR_CREATING),
};

bool container_phase_may_follow(MonitorPhase from, MonitorPhase to) {
        return from >= 0 && from < _MONITOR_PHASE_MAX && to >= 0 && to < _MONITOR_PHASE_MAX &&
               (successors[from] & TO(to));
}

static void container_set_phase(Container *container, MonitorPhase phase) {
        assert(container_phase_may_follow(container->phase, phase));
        container->phase = phase;
        container_tell_phase(container);
}

/* --- the end ------------------------------------------------------------- */

/* The record is written before anything is undone and before anybody is told:
 * a crash in between leaves it. */
static void write_record(Container *container) {
        if (!container->run.plan.exit_record)
                return;
        int r = exit_record_write(&container->record, container->run.plan.exit_record);
        if (r < 0)
                dprintf(STDERR_FILENO, "The exit record %s cannot be written: %s\n", container->run.plan.exit_record,
                        strerror(-r));
}

void container_end_failed(Container *container, const char *stage, int errnum, const char *message) {
        if (container->end != CONTAINER_END_NONE)
                return;
        container->end = CONTAINER_END_FAILED;
        container->failed_stage = stage;
        container->failed_errno = errnum;
        snprintf(container->failed_message, sizeof(container->failed_message), "%s", message);
        container->record = (ExitRecord){
                .reason = EXIT_START_FAILED,
                .code = errnum,
                .timestamp = exit_record_now(),
                .message = container->failed_message,
        };
        write_record(container);
        run_end(&container->run);
}

static void end_exited(Container *container, ExitReason reason, int code) {
        if (container->end != CONTAINER_END_NONE)
                return;
        container->end = CONTAINER_END_EXIT;
        container->record = (ExitRecord){ .reason = reason, .code = code, .timestamp = exit_record_now() };
        write_record(container);
        run_end(&container->run);
}

static void on_failed(void *userdata) {
        Container *container = userdata;
        Run *run = &container->run;

        container_end_failed(container, run->stage, run->error.errnum ?: EIO, error_message(&run->error));
}

static void on_ended(void *userdata, int status, int signal) {
        Container *container = userdata;
        ExitRecord record = {};

        guest_flush(&container->guest);
        control_complete(&container->control, CONTROL_FREEZE, ESRCH, "The container ended before it was frozen.");
        stop_end(&container->stop);
        exit_record_classify(status, signal, container->killed, &record);

        if (record.reason != EXIT_REBOOT || container->stop_requested || container->phase < MONITOR_RUNNING) {
                end_exited(container, record.reason, record.code);
                return;
        }
        container->end = CONTAINER_END_REBOOT;
        container->started = 0;
        container->ready = 0;
        guest_forget(&container->guest);
        container_set_phase(container, MONITOR_REBOOTING);
        run_end(&container->run);
}

void container_begin_run(Container *container) {
        container->end = CONTAINER_END_NONE;
        container->ready_early = false;
        container->soft_reboot = (SoftReboot){};
        container_set_phase(container, MONITOR_CREATING);
        run_create(&container->run);
}

/* Nothing is left of the run. */
static void on_gone(void *userdata) {
        Container *container = userdata;
        bool failed = container->end == CONTAINER_END_FAILED;
        int errnum = failed ? container->failed_errno : ECANCELED;
        const char *message = failed ? container->failed_message : "The container has ended.";

        if (container->end == CONTAINER_END_REBOOT && !container->stop_requested) {
                container->rebooted = true;
                container_begin_run(container);
                return;
        }
        if (container->end == CONTAINER_END_REBOOT) {
                container->end = CONTAINER_END_EXIT;
                container->record =
                        (ExitRecord){ .reason = EXIT_REBOOT, .code = SIGHUP, .timestamp = exit_record_now() };
                write_record(container);
        }

        control_complete(&container->control, CONTROL_CREATE, errnum, message);
        control_complete(&container->control, CONTROL_START, errnum, message);
        control_complete(&container->control, CONTROL_ABORT, 0, NULL);
        if (failed)
                container_tell_failed(container);
        else
                container_tell_exited(container);
        loop_end(container->loop);
}

/* --- the way up ---------------------------------------------------------- */

void container_begin_start(Container *container) {
        container_set_phase(container, MONITOR_STARTING);
        run_start(&container->run);
}

static void on_created(void *userdata) {
        Container *container = userdata;

        container_set_phase(container, MONITOR_CREATED);
        control_complete(&container->control, CONTROL_CREATE, 0, NULL);
        /* After a reboot ctrd registers the new leader and says start; where
         * nobody is there to say it, the guest does not wait. */
        if (container->rebooted && control_count(&container->control) == 0)
                container_begin_start(container);
}

static void on_alone(void *userdata) {
        Container *container = userdata;

        if (container->end != CONTAINER_END_NONE)
                return;
        if (container->rebooted && container->phase == MONITOR_CREATED)
                container_begin_start(container);
        /* Told nothing, and nobody is left who could. */
        if (container->phase == MONITOR_IDLE)
                container_end_failed(container, "idle", ECONNRESET, "The manager has gone.");
}

static void set_ready(Container *container) {
        /* A quick init is ready before the runtime has ended that started it. */
        if (container->phase == MONITOR_STARTING)
                container->ready_early = true;
        if (container->phase != MONITOR_RUNNING)
                return;
        container->ready = exit_record_now();
        container_set_phase(container, MONITOR_READY);
}

static void begin_stop(Container *container);

static void on_started(void *userdata) {
        Container *container = userdata;

        container->started = exit_record_now();
        container_set_phase(container, MONITOR_RUNNING);
        control_complete(&container->control, CONTROL_START, 0, NULL);
        if (!container->run.plan.notify || container->ready_early)
                set_ready(container);
        if (container->stop_requested)
                begin_stop(container);
}

/* It boots once more, and is ready when it says so again. */
static void begin_soft_reboot(Container *container) {
        guest_forget(&container->guest);
        container->ready = 0;
        container_set_phase(container, MONITOR_RUNNING);
        if (!container->run.plan.notify)
                set_ready(container);
}

static void on_notified(void *userdata, const NotifyMessage *message) {
        Container *container = userdata;

        if (container->end != CONTAINER_END_NONE)
                return;
        if (container->phase == MONITOR_READY && soft_reboot_begins(&container->soft_reboot, message)) {
                begin_soft_reboot(container);
                return;
        }
        guest_take(&container->guest, message, container->phase == MONITOR_STARTING || container->phase == MONITOR_RUNNING);
        if (message->extend > 0)
                stop_extend(&container->stop, message->extend);
        if (message->ready && container->run.plan.notify)
                set_ready(container);
        if (message->stopping || message->shutdown[0]) {
                stop_acknowledge(&container->stop);
                if (container_phase_may_follow(container->phase, MONITOR_STOPPING))
                        container_set_phase(container, MONITOR_STOPPING);
        }
}

/* --- freezing ------------------------------------------------------------ */

static void on_frozen(void *userdata, int r) {
        Container *container = userdata;

        if (r >= 0)
                container_tell_phase(container);
        control_complete(&container->control, CONTROL_FREEZE, -r,
                         r == -ETIMEDOUT ? "The container could not be frozen and runs on: a process in it waits in the "
                                           "kernel for what does not come."
                         : r != -ESRCH ? "The container could not be frozen and runs on: its control groups cannot be read."
                                       : "The container ended before it was frozen.");
}

int container_thaw(Container *container, const char *reason) {
        FreezerState before = container->run.freezer.state;
        int r = run_thaw(&container->run);

        if (r < 0)
                return r;
        control_complete(&container->control, CONTROL_FREEZE, ECANCELED, reason);
        if (before == FREEZER_FROZEN)
                container_tell_phase(container);
        return 0;
}

/* --- changes ------------------------------------------------------------- */

static void on_changed(void *userdata, int errnum, const char *message) {
        Container *container = userdata;

        control_complete(&container->control, container->changing, errnum, message);
}

/* --- stopping ------------------------------------------------------------ */

static void stop_expired(void *userdata) {
        Container *container = userdata;

        container->killed = true;
        (void) run_kill(&container->run);
}

/* A stop with no more time than this is a kill. */
#define STOP_AT_ONCE USEC_PER_MSEC

/* In the phases that have a PID 1 to be asked. */
static void begin_stop(Container *container) {
        Run *run = &container->run;
        int signal = container->stop_signal > 0 ? container->stop_signal : run->plan.stop_signal, r;
        uint64_t timeout = container->stop_has_timeout ? container->stop_timeout : run->plan.stop_timeout;

        /* What is frozen hears nothing. To be killed it need not run once more. If it
         * cannot be thawed, the deadline is there. */
        if (timeout > STOP_AT_ONCE)
                (void) container_thaw(container, "The container was asked to stop.");
        if (container_phase_may_follow(container->phase, MONITOR_STOPPING))
                container_set_phase(container, MONITOR_STOPPING);
        /* Nor is it asked what it has no time for: it would be killed amid its answer. */
        if (timeout <= STOP_AT_ONCE) {
                stop_expired(container);
                return;
        }
        /* A time that somebody has named holds, whatever the guest asks for. */
        r = stop_begin(&container->stop, container->loop, run->leader, run->leader_pidfd, signal, timeout,
                       container->stop_has_timeout ? 0 : run->plan.extend_max, stop_expired, container);
        if (r < 0)
                stop_expired(container); /* better rough than never */
}

void container_stop(Container *container, int signal, bool has_timeout, uint64_t timeout) {
        container->stop_requested = true;
        container->stop_signal = signal;
        container->stop_has_timeout = has_timeout;
        container->stop_timeout = timeout;
        switch (container->phase) {
        case MONITOR_IDLE:
                container_end_failed(container, "stop", ECANCELED, "The container was stopped before it was created.");
                break;
        case MONITOR_STARTING:
                /* Asked once it runs, unless there is no time for that. */
                if (!has_timeout || timeout > STOP_AT_ONCE)
                        break;
                /* fall through */
        case MONITOR_CREATING:
        case MONITOR_CREATED:
                /* Nothing of the guest has run that could be asked. */
                container->killed = true;
                end_exited(container, EXIT_KILLED, SIGKILL);
                break;
        case MONITOR_RUNNING:
        case MONITOR_READY:
        case MONITOR_STOPPING:
                if (container->end == CONTAINER_END_NONE && container->run.leader > 0)
                        begin_stop(container);
                break;
        default: /* rebooting: no further run */
                break;
        }
}

void container_request_stop(Container *container) {
        /* Told before anything comes of it: the container is not to come back by itself. */
        if (!container->host_stops && container->end == CONTAINER_END_NONE) {
                container->host_stops = true;
                container_tell_phase(container);
        }
        container_stop(container, 0, false, 0);
}

/* --- life of the object -------------------------------------------------- */

int container_open(Container *container, Loop *loop, const char *directory, int first, Error *error) {
        static const ControlOps control_ops = { .request = container_request, .snapshot = container_put_state, .alone = on_alone };
        static const RunOps run_ops = {
                .created = on_created,
                .started = on_started,
                .failed = on_failed,
                .ended = on_ended,
                .notified = on_notified,
                .addresses = container_tell_addresses,
                .frozen = on_frozen,
                .changed = on_changed,
                .gone = on_gone,
        };
        char path[RUN_DIRECTORY_MAX + 32];
        int r;

        container->loop = loop;
        container->phase = MONITOR_IDLE;
        container->stop = STOP_INIT;
        guest_init(&container->guest, loop, container_tell_guest, container);
        console_init(&container->console, loop);
        run_init(&container->run, loop, directory, &container->console, &run_ops, container);

        snprintf(path, sizeof(path), "%s/control", directory);
        r = control_open(&container->control, loop, path, first, &control_ops, container);
        if (r < 0)
                return error_set_errno(error, r, "The control socket %s cannot be opened", path);
        return 0;
}

void container_reap(Container *container) {
        run_reap(&container->run);
}

void container_close(Container *container) {
        stop_end(&container->stop);
        guest_close(&container->guest);
        console_close(&container->console);
        run_close(&container->run);
        control_close(&container->control);
}
