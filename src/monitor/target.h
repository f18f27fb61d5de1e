/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a tree goes that is unpacked, and what it is called there: as the receiver says, and
 * as cp -r has it.
 */

#include "archive-task.h"

typedef struct Target {
        const ArchiveTask *task;
        Error *error;
        bool into;              /* the working directory is task->path; else what it is in */
        bool slash;             /* task->path must be a directory */
        char last[NAME_MAX + 1];  /* the name that task->path ends in, where !into */
        bool has_top;
        char top[NAME_MAX + 1]; /* of the tree, in the stream */
        char base[NAME_MAX + 1]; /* of the tree, here; "": its inside goes into the working directory */
} Target;

/* Makes the place the working directory: the path is resolved once. */
int target_enter(Target *target);

/* The path here of a path in the stream, without empty, "." and ".." parts; "" for the working
 * directory itself. */
int target_path(Target *target, const char *path, bool directory, char ret[static ARCHIVE_PATH_MAX * 2]);
