/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A change of what the container has while it runs: something is mounted in it or taken
 * off, by ctr-mount, or its rules of devices are set anew, by the runtime. One at a time:
 * the next begins when the one before can do nothing any more.
 */

#include "plan.h"
#include "runtime-call.h"

typedef enum ChangeKind {
        CHANGE_MOUNT,
        CHANGE_UNMOUNT,
        CHANGE_DEVICES, /* to those of DIRECTORY/resources.json */
} ChangeKind;

typedef struct ChangeRequest {
        ChangeKind kind;
        const char *type, *source, *target, *options; /* of a mount; see src/mount/main.c */
} ChangeRequest;

/* errnum 0: it is done. */
typedef void (*ChangeHandler)(void *userdata, int errnum, const char *message);

typedef struct Change {
        RuntimeCall call;
        Loop *loop;
        int leader; /* not owned */
        ChangeHandler handler;
        void *userdata;
        bool by_runtime;
        char **next; /* what is run after the one that was killed for it */
} Change;

#define CHANGE_INIT ((Change){ .call = RUNTIME_CALL_INIT })

/* leader: pidfd of the container's first process. The handler is called later. One that is
 * under way is killed for it, and its handler forgotten. */
int change_begin(Change *change, Loop *loop, const Plan *plan, const char *directory, int leader, const ChangeRequest *request,
                 ChangeHandler handler, void *userdata);

bool change_is_under_way(const Change *change);

/* One was given up and has not ended: another might go the same way, and so on. */
bool change_is_stuck(Change *change);

/* Ends one that is under way, as a failure. What will not end is not waited for. */
void change_end(Change *change);
