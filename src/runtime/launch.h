/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the runtime prepares for the process that becomes the container's
 * init: all that needs the host's rights or paths, as descriptors. The parent
 * fills it (launch.c), the child uses it (init.c) and never looks at the
 * host's paths itself.
 */

#include "channel.h"
#include "config.h"
#include "container.h"
#include "payload.h"
#include "stage.h"

typedef struct Launch {
        const Config *config;
        const Container *container;

        int channel;        /* the child's end */
        int peer;           /* the runtime's end, which the child closes: else it would not see that the runtime is gone */
        int root;           /* detached clone of the root file system */
        int writable;       /* where root is read-only: a detached clone of it that is not; else -1 */
        int *mounts;        /* per config mount: a detached clone of a bind's source; of the host's sysfs or cgroup2
                             * where the container may not make its own; or -1. In the child: what was mounted */
        int *devices;       /* per device (config's after the default ones): clone of the host's node, or -1 */
        int null;           /* detached clone of the host's /dev/null, checked to be that device */
        int listener;       /* where init waits for start; -1: goes on at once (run) */
        int console_socket; /* where the console's master goes; -1: no terminal */
        int paths[NAMESPACE_MAX]; /* namespaces to join, or -1 */
        int procfs;         /* the host's, checked: for what must be written before the container's own is there */

        Stage stage; /* those of root and mounts that the container's root must not be able to change */

        bool rootless;           /* of a user without privileges: see rootless.h */
        bool new_user_namespace; /* the maps are written by the parent: wait for it */
        bool wait_cgroup;        /* its cgroup comes with it: wait until it is there, before anything else */
        bool wait_time;          /* there is a time namespace to set up: the parent writes its offsets */
        bool wait_mounted;       /* there are hooks to run when the mounts are made */
        bool no_pivot;
        SyscallFilter *seccomp; /* what the payload borrows */
        Payload payload;
} Launch;

/* Opens everything; directory: of the bundle. On failure what was opened is
 * closed by launch_close(), which the caller calls in any case. */
int launch_open(Launch *l, const Config *c, const Container *container, int directory, Error *error);
void launch_close(Launch *l);
