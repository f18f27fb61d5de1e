/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A copy of files into a container or out of it: a job, done by a ctr-archive that
 * ctr-launcher starts and that goes into the container's root. No byte of it passes ctrd.
 */

#include "container.h"

#define COPIES_MAX 8      /* of one container at a time */
#define COPIES_ALL_MAX 64 /* of all; a worker that cannot be killed is one of them until it ends */
#define COPY_PATH_MAX 4000

typedef struct CopyRequest {
        bool in;
        const char *path; /* absolute, of the container */
        bool directory;   /* in: it is a directory, and what comes is named below it */
        bool preserve;
        uint32_t uid, gid; /* in, without preserve: of the container */
        int stream, lease; /* stay the caller's; lease may be -EBADF */
} CopyRequest;

typedef struct Copy Copy;

/* The request by itself, and what its stream is: "InvalidArguments". */
int copy_request_check(const CopyRequest *request, Error *error);

/* Begins it, and ends the job when it has ended. On failure the job is the caller's
 * still. A container that does not run is busy meanwhile. */
int container_copy(Container *container, const CopyRequest *request, Job *job, Error *error);

/* For the manager's end: the worker sees that nobody waits for it. */
Copy *copy_free(Copy *copy);
