/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container as ctrd sees it: its phase, and what becomes of a run that has
 * ended. What is asked of it is container-requests.h's, what is told
 * container-events.h's, the work itself run.h's.
 */

#include "console.h"
#include "control.h"
#include "exit-record.h"
#include "guest.h"
#include "loop.h"
#include "run.h"
#include "soft-reboot.h"
#include "stop.h"

/* Why the present run is coming to its end. */
typedef enum ContainerEnd {
        CONTAINER_END_NONE,
        CONTAINER_END_REBOOT, /* and a new run follows */
        CONTAINER_END_EXIT,
        CONTAINER_END_FAILED,
} ContainerEnd;

typedef struct Container {
        Loop *loop;
        Control control;
        Console console;
        Run run;
        Stop stop;
        Guest guest;
        SoftReboot soft_reboot;

        MonitorPhase phase; /* written by container_set_phase() alone */
        uint64_t started; /* CLOCK_REALTIME, microseconds; 0: not yet */
        uint64_t ready;
        bool ready_early;  /* READY=1 came while the runtime was still starting it */
        ControlCommand changing; /* the change that is under way */

        bool rebooted;       /* this run follows another one */
        bool stop_requested; /* whatever comes, no further run */
        bool host_stops;     /* it was systemd that asked for it */
        int stop_signal;     /* what the request asks for; 0: the plan's */
        bool stop_has_timeout;
        uint64_t stop_timeout;
        bool killed;         /* SIGKILL was sent by us */

        ContainerEnd end;
        ExitRecord record;
        const char *failed_stage;
        int failed_errno;
        char failed_message[RUNTIME_MESSAGE_MAX];
} Container;

/* directory: must stay. first: the first control connection. */
int container_open(Container *container, Loop *loop, const char *directory, int first, Error *error);

/* SIGTERM or SIGURG, of systemd that stops the scope: stop as the plan says. */
void container_request_stop(Container *container);

/* SIGCHLD. */
void container_reap(Container *container);

/* Removes what is left in the directory. */
void container_close(Container *container);

/* Whether a phase may follow another. */
bool container_phase_may_follow(MonitorPhase from, MonitorPhase to);

/* Its deeds, for container-requests.h, which knows when they are allowed. */
void container_begin_run(Container *container);
void container_begin_start(Container *container);

/* The run ends and failed; not the first failure: nothing. errnum: a positive errno. */
void container_end_failed(Container *container, const char *stage, int errnum, const char *message);

/* At whatever stage. signal: 0: the plan's. timeout: microseconds, if it has one. */
void container_stop(Container *container, int signal, bool has_timeout, uint64_t timeout);

/* A freeze that is under way is over with this, for the reason given. */
int container_thaw(Container *container, const char *reason);
