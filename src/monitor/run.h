/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One run of the container: from the plan to mounts, control group and the
 * runtime's create and start, to the end of PID 1 and the undo of all that.
 * It knows how; when and whether is for container.h to decide.
 *
 * Each step leaves its trace in the struct, and run_end() undoes what is there:
 * the same function after a failed step, at a normal end and at a reboot.
 */

#include <sys/types.h>

#include "address-watch.h"
#include "change.h"
#include "console.h"
#include "error.h"
#include "freezer.h"
#include "interceptor.h"
#include "loop.h"
#include "notify.h"
#include "payload.h"
#include "plan.h"
#include "runtime-call.h"
#include "session.h"
#include "terminal.h"

#define RUN_DIRECTORY_MAX 192 /* bytes of the path */

typedef struct RunOps {
        void (*created)(void *userdata);
        void (*started)(void *userdata);
        /* A step of create or start has failed: run->stage and run->error say
         * which and why. run_end() is to follow. */
        void (*failed)(void *userdata);
        /* PID 1 has ended. */
        void (*ended)(void *userdata, int status, int signal);
        void (*notified)(void *userdata, const NotifyMessage *message);
        /* The container has other addresses than before. */
        void (*addresses)(void *userdata);
        /* What run_freeze() has come to; see FreezerHandler. */
        void (*frozen)(void *userdata, int r);
        /* What run_change() has come to; see ChangeHandler. */
        void (*changed)(void *userdata, int errnum, const char *message);
        /* run_end() is done: nothing is left of the run. */
        void (*gone)(void *userdata);
} RunOps;

typedef struct Run {
        Loop *loop;
        const RunOps *ops;
        void *userdata;
        const char *directory; /* /run/ctrd/containers/NAME */
        Console *console;      /* outlives the run */

        Plan plan; /* of this run or the last one */
        Payload payload;
        Freezer freezer;
        Terminal terminal;
        Notify notify;
        AddressWatch addresses;
        Interceptor interceptor;
        Sessions sessions;
        RuntimeCall call;
        Change change;

        pid_t leader; /* 0: none */
        int leader_pidfd;
        Source leader_source;

        const char *stage; /* of the failure */
        Error error;

        bool unshared;
        bool mounted;
        bool runtime_used; /* there is something to delete */
        bool ending;
} Run;

void run_init(Run *run, Loop *loop, const char *directory, Console *console, const RunOps *ops, void *userdata);

/* Reads the plan, prepares everything, and runs "RUNTIME create"; created() or
 * failed() follows, failed() perhaps at once. */
void run_create(Run *run);

/* Runs "RUNTIME start"; started() or failed() follows. */
void run_start(Run *run);

/* Kills every process of the container. */
int run_kill(Run *run);

/* Freezes the payload, never the monitor; frozen() follows, unless the run ends or is
 * thawed before. */
int run_freeze(Run *run);
int run_thaw(Run *run);

/* Mounts something or takes it off, or sets the rules of devices anew; changed() follows,
 * unless it fails. Another that is under way is ended for it. */
int run_change(Run *run, const ChangeRequest *request);

/* Undoes everything, from whatever step; gone() follows, perhaps at once. Does
 * nothing while it is at it already. */
void run_end(Run *run);

/* Waits for children that were reparented to us and that nobody knows. */
void run_reap(Run *run);

void run_close(Run *run);
