/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where it is mounted: a path that is looked up within the root of the container, once, and
 * held by descriptor. Whatever is renamed or linked meanwhile, nothing outside is reached.
 */

#include "error.h"

/* What lies there now, or is made: an empty file, or a directory. Not on a file system of
 * the kernel's, such as /proc. */
int target_open(int root, const char *path, bool directory, Error *error);

/* What is mounted there. ENOENT where nothing is. */
int target_open_mounted(int root, const char *path, Error *error);

/* Removes an empty file, as target_open() makes it, where nothing is mounted. */
void target_forget(int root, const char *path);

/* Takes off the mount that a descriptor is the root of, and all below it; who uses it keeps
 * it until then. procfs: the host's, from before the container was entered. */
int target_unmount(int procfs, int mount, const char *path, Error *error);
