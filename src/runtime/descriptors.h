/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * descriptors.json beside the images, as runc and crun write it: what the
 * standard streams of the container's init were, so that at restore those that
 * lead out of the container can be put in their places.
 */

#include "criu-request.h"
#include "error.h"
#include "macro.h"

/* At dump: looks at them, tells criu of files outside of the container, and
 * writes the list. recorded: what they were when the container was made (a JSON
 * list, or NULL): a pipe that init has given up may still be its children's.
 * procfs: from procfs_open(). */
int descriptors_dump(CriuRequest *request, int images, int procfs, pid_t pid, const char *recorded, Error *error);

/* At restore: hands our own standard streams on in their places. */
int descriptors_restore(CriuRequest *request, int images, Error *error);

/* Whether a mountinfo text has a mount of this id. Pure. */
bool descriptors_has_mount(const char *mountinfo, uint64_t id);
