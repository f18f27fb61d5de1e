/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The client of ctr-launcher, which starts monitors: what ctrd starts itself would
 * inherit what hardens ctrd.
 */

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "error.h"

typedef struct LauncherRequest LauncherRequest;

/* error is NULL where the monitor runs as pid. The request is gone by then. */
typedef void (*LauncherReply)(pid_t pid, const Error *error, void *userdata);

typedef enum LauncherProgram {
        LAUNCHER_MONITOR,
        LAUNCHER_ARCHIVE, /* for the container's files */
} LauncherProgram;

/* Asks for the monitor of a container, or a worker; control becomes its control connection and
 * stays the caller's here. The reply comes later, once, unless the request is
 * dropped before. Whose other end is closed by then, a monitor ends by itself. */
int launcher_spawn(sd_event *event, LauncherProgram program, const char *name, int control, LauncherReply reply,
                   void *userdata, LauncherRequest **ret, Error *error);

LauncherRequest *launcher_request_drop(LauncherRequest *request);
