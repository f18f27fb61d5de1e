/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Programs that ctrd has run outside of itself: each once, as a transient service with
 * walls around it, and with rights that ctrd does not have.
 */

#include "unit.h"

typedef enum UnitWorkerKind {
        UNIT_WORKER_TEMPLATE, /* the walls are those that templates/README.md promises */
        UNIT_WORKER_COPY,     /* it makes nodes of devices, and ends with ctrd */
} UnitWorkerKind;

typedef struct UnitWorker {
        UnitWorkerKind kind;
        const char *unit, *description;
        char *const *argv;
        char *const *environment; /* or NULL */
        const char *writable;     /* the one directory that it may write to */
        bool network;             /* whether it sees the host's */
        int output, log;          /* become its standard output and error; its input is /dev/null */
} UnitWorker;

/* done when it has ended. */
int unit_start_worker(UnitClient *client, const UnitWorker *worker, UnitDone done, void *userdata, UnitRequest **ret);

/* A scope with limits around a process that runs already and is about to work on what a
 * container has made. done when it is in it. It takes no signal as an end but the last one:
 * it ends when nobody is there any more for whom it works. */
int unit_bound_worker(UnitClient *client, const char *unit, const char *description, pid_t pid, UnitDone done, void *userdata,
                      UnitRequest **ret);

/* What a transient service runs. */
int unit_append_program(sd_bus_message *m, char *const *argv);
