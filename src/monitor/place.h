/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The directory that a tree is unpacked in. A path below it is reached by descriptors, through
 * no symlink, and then its last name is all that is left of it: whatever makes something of
 * that name makes it there.
 */

#include "archive-task.h"

typedef struct Place {
        int root;
        char at[ARCHIVE_PATH_MAX + 1]; /* where the working directory is, below it */
} Place;

#define PLACE_INIT ((Place){ .root = -EBADF })

/* The working directory it is. */
int place_open(Place *place);
void place_close(Place *place);

/* Makes the directory that a path is in the working directory, and makes it where it is
 * missing. Its last name is in *ret_name, a pointer into path. -ELOOP or -ENOTDIR where
 * something else is in the way. */
int place_enter_parent(Place *place, const char *path, const char **ret_name);

/* Makes a directory itself the working directory. */
int place_enter(Place *place, const char *path);

/* Makes a second name of a file for the working directory. */
int place_link(Place *place, const char *path, const char *name);
