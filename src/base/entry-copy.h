/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Copies of one file of any kind, as it is: holes stay holes, blocks are shared where the
 * file system can, and owner, mode, times and what hangs on it go with it.
 */

#include <sys/stat.h>

#include "macro.h"

/* Both open, the target for writing and empty. */
int entry_copy_data(int from, int to, off_t size);

/* Everything but what is in it; last, since writing changes it. Descriptors of any kind,
 * O_PATH too; labels of security modules but file capabilities are the target's. */
int entry_copy_metadata(int from, int to, const struct stat *st);

/* Makes name in a directory, of what is neither a file nor a directory. */
int entry_copy_node(int from, int dir, const char *name, const struct stat *st);
