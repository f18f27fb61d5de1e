/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>

#include "container-requests.h"
#include "fd.h"
#include "process.h"

static int need_leader(const Container *container, Error *error) {
        if (container->run.leader == 0 || container->end != CONTAINER_END_NONE)
                return error_set(error, ESRCH, "NotRunning", "The container is not running.");
        return 0;
}

static int wrong_phase(const Container *container, ControlCommand command, Error *error) {
        return error_set(error, EBUSY, NULL, "The command %s is not possible: the container is %s.",
                         control_command_to_string(command), monitor_phase_to_string(container->phase));
}

static int request_kill(Container *container, const ControlRequest *request, Error *error) {
        Run *run = &container->run;
        int r;

        r = need_leader(container, error);
        if (r < 0)
                return r;
        if (request->signal == SIGKILL)
                container->killed = true;
        if (!request->whom_all)
                r = process_signal(run->leader_pidfd, request->signal);
        else if (request->signal == SIGKILL)
                r = run_kill(run);
        else
                r = payload_signal(&run->payload, request->signal);
        return r < 0 ? error_set_errno(error, r, "The signal cannot be sent") : 0;
}

static int request_exec(Container *container, ControlRequest *request, Error *error) {
        int r = need_leader(container, error);

        if (r < 0)
                return r;
        if (container->phase < MONITOR_RUNNING)
                return wrong_phase(container, CONTROL_EXEC, error);
        /* It would hang until somebody thaws it. */
        if (container->run.freezer.state != FREEZER_THAWED)
                return error_set(error, EBUSY, NULL, "The container is frozen: thaw it first.");
        return sessions_start(&container->run.sessions, &container->run.plan, request->terminal, request->lease,
                              request->fds, request->n_fds, error);
}

static int request_soft_reboot(Container *container, Error *error) {
        int r = need_leader(container, error);

        if (r < 0)
                return r;
        if (container->phase != MONITOR_READY)
                return wrong_phase(container, CONTROL_SOFT_REBOOT, error);
        if (container->run.freezer.state != FREEZER_THAWED)
                return error_set(error, EBUSY, NULL, "The container is frozen: thaw it first.");
        return soft_reboot_ask(&container->soft_reboot, container->run.leader, container->run.leader_pidfd, error);
}

static int request_freeze(Container *container, Error *error) {
        int r = need_leader(container, error);

        if (r < 0)
                return r;
        if (container->run.freezer.state != FREEZER_THAWED)
                return container->run.freezer.state == FREEZER_FREEZING; /* both are told of the end of it */
        if (container->phase != MONITOR_READY)
                return wrong_phase(container, CONTROL_FREEZE, error);
        r = run_freeze(&container->run);
        if (r == -EOPNOTSUPP)
                return error_set(error, EOPNOTSUPP, NULL, "The kernel cannot freeze control groups: Linux 5.2 can.");
        return r < 0 ? error_set_errno(error, r, "The container cannot be frozen") : 1;
}

static int request_thaw(Container *container, Error *error) {
        int r = need_leader(container, error);

        if (r >= 0)
                r = container_thaw(container, "The container was thawed before it was frozen.");
        return r < 0 ? error_set_errno(error, r, "The container cannot be thawed") : 0;
}

/* Frozen or not: it is done from outside. */
static int request_change(Container *container, const ControlRequest *request, Error *error) {
        const ChangeRequest change = {
                .kind = request->command == CONTROL_MOUNT     ? CHANGE_MOUNT
                        : request->command == CONTROL_UNMOUNT ? CHANGE_UNMOUNT
                                                              : CHANGE_DEVICES,
                .type = request->type,
                .source = request->source,
                .target = request->target,
                .options = request->options,
        };
        int r = need_leader(container, error);

        if (r < 0)
                return r;
        if (container->phase < MONITOR_RUNNING)
                return wrong_phase(container, request->command, error);
        /* Not of a ctrd that was killed: the next one puts right what that has begun. */
        if (change_is_under_way(&container->run.change) && control_awaits(&container->control, container->changing))
                return error_set(error, EBUSY, NULL, "The container is being changed: try again.");
        if (change_is_stuck(&container->run.change))
                return error_set(error, EBUSY, NULL,
                                 "An earlier change hangs on a file system that does not answer: end what serves it, or stop the container.");
        container->changing = request->command;
        r = run_change(&container->run, &change);
        return r < 0 ? error_set_errno(error, r, "The container cannot be changed") : 1;
}

static int request_attach(Container *container, ControlRequest *request, Error *error) {
        int r;

        if (request->n_fds != 1 + (size_t) request->lease)
                return error_set(error, EINVAL, NULL, "The command attach needs %d descriptors, not %zu.",
                                 1 + request->lease, request->n_fds);
        r = console_attach(&container->console, TAKE_FD(request->fds[0]), request->readonly,
                           request->lease ? TAKE_FD(request->fds[1]) : -EBADF);
        if (r == -EUSERS)
                return error_set(error, EUSERS, "LimitsExceeded", "%d clients are attached to the console already.",
                                 CONSOLE_CLIENTS_MAX - (request->lease ? CONSOLE_CLIENTS_OF_ROOT : 0));
        return r < 0 ? error_set_errno(error, r, "The console cannot be attached to") : 0;
}

int container_request(void *userdata, ControlRequest *request, Error *error) {
        Container *container = userdata;
        bool ending = container->end != CONTAINER_END_NONE;

        switch (request->command) {
        case CONTROL_CREATE:
                if (container->phase != MONITOR_IDLE || ending)
                        return wrong_phase(container, request->command, error);
                container_begin_run(container);
                return 1;
        case CONTROL_START:
                if (container->phase != MONITOR_CREATED || ending)
                        return wrong_phase(container, request->command, error);
                container_begin_start(container);
                return 1;
        case CONTROL_ABORT:
                if (container->phase > MONITOR_CREATED || ending)
                        return wrong_phase(container, request->command, error);
                container_end_failed(container, "abort", ECANCELED, "The start was canceled.");
                return 1;
        case CONTROL_STOP:
                container_stop(container, request->signal, request->has_timeout, request->timeout);
                return 0;
        case CONTROL_KILL:
                return request_kill(container, request, error);
        case CONTROL_EXEC:
                return request_exec(container, request, error);
        case CONTROL_FREEZE:
                return request_freeze(container, error);
        case CONTROL_THAW:
                return request_thaw(container, error);
        case CONTROL_MOUNT:
        case CONTROL_UNMOUNT:
        case CONTROL_UPDATE:
                return request_change(container, request, error);
        case CONTROL_SOFT_REBOOT:
                return request_soft_reboot(container, error);
        case CONTROL_ATTACH:
                return request_attach(container, request, error);
        case CONTROL_RESIZE:
                return console_resize(&container->console, request->columns, request->rows);
        default:
                return -EINVAL;
        }
}
