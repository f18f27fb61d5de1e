/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Mounts of a container that lead out of it: criu neither can nor should make
 * them anew. At dump they are named, by their places in the container; at restore
 * what create would have mounted there waits on a stage (see stage.h), in a mount
 * namespace that only criu lives in, and goes with it.
 */

#include "criu-request.h"
#include "launch.h"

/* Names those of a running container. procfs: from procfs_open(). */
int criu_mounts_dump(CriuRequest *request, const Config *c, int procfs, pid_t pid, Error *error);

/* What the restore hands in: `launch` from launch_open(). Makes the mount points
 * that are missing in the root, and puts everything on the stage. Nothing of the
 * launch may be closed before the stage is set. */
int criu_mounts_restore(CriuRequest *request, Launch *l, Stage *stage, Error *error);

/* Once all is mounted and nothing runs yet: makes the root read-only that is to be.
 * criu needs it writable before, for a directory to move the old root to. */
int criu_mounts_finish(const Config *c, int procfs, pid_t pid, Error *error);

/* In the child that becomes criu: sets the stage. */
int criu_mounts_set_stage(const Stage *stage, Error *error);

/* The mounts below a directory in the text of a mountinfo file; func gets the
 * place of each relative to it. Pure. */
int criu_mounts_below(const char *mountinfo, const char *directory, int (*func)(const char *suffix, void *arg), void *arg);
