/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Credentials of a container: files of the host, copied to where it reads them, and nowhere
 * else (docs/decisions/14).
 */

#include <sys/types.h>

#include "error.h"

/* Copies the file path to name in a directory, for its owner alone: there is all of it at
 * once, or nothing. context: its label of SELinux, or NULL for that of the directory. */
int credential_write(int dir, const char *name, const char *path, uid_t owner, const char *context, Error *error);

/* -ENOENT where there is none. */
int credential_remove(int dir, const char *name);
