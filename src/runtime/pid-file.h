/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * --pid-file.
 */

#include <sys/types.h>

#include "error.h"

/* Writes the pid by rename, so that a reader that waits for the file sees the
 * whole of it. path NULL: nothing to do. */
int pid_file_write(const char *path, pid_t pid, Error *error);
