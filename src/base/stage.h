/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How mounts of the host's get into the mount namespace of a user namespace
 * without its root being able to undo what they forbid.
 *
 * A detached mount that is attached there by move_mount(2) is the container's
 * own: its root may clear "ro", "nosuid", "nodev" and "noexec" again, and take
 * off what is mounted below it. What a mount namespace of another owner is
 * copied with cannot be changed (mount_namespaces(7), "Restrictions on mount
 * namespaces"): the kernel locks the attributes of each mount of the copy, and
 * the mounts below others in their places.
 *
 * So these mounts wait on a stage, a tmpfs in a mount namespace that exists for
 * nothing else. At a start the container's is made as a copy of that one, and its init
 * takes clones from the stage, which keep the locked attributes, and puts them
 * where they belong; the stage itself goes with the old root. For a container that
 * runs the copy belongs to its user namespace too, and is thrown away after that.
 */

#include "error.h"
#include "macro.h"

typedef struct Stage {
        int **mounts; /* descriptors of detached mounts, that are exchanged by stage_take() */
        size_t n_mounts;
} Stage;

/* The descriptor is borrowed: it must stay where it is. */
int stage_add(Stage *stage, int *mount);

/* Whether a mount should come over the stage: it forbids something. */
bool stage_is_needed(int mount);

/* Sets the stage up on a directory that nobody will look into from that mount
 * namespace, which must be used by nobody else. (On top of "/" it cannot be: who
 * is below the topmost mount of it counts as chrooted, and gets no user
 * namespace.) The working directory is the stage's afterwards. */
int stage_set(const Stage *stage, const char *place, Error *error);

/* Leaves nothing in that mount namespace but the stage, which becomes the root: for a copy
 * that others may get into. There is no /proc afterwards. */
int stage_isolate(Error *error);

/* In the copy of that mount namespace, the working directory unchanged: puts
 * clones in place of the mounts. */
int stage_take(const Stage *stage, Error *error);

void stage_clear(Stage *stage);
