/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * HOME of a process that was given none, from the container's user database.
 */

#include <limits.h>
#include <sys/types.h>

#include "macro.h"

/* Called where "/" is the container's. "/" where nothing is known of the user. */
void home_find(uid_t uid, char path[static PATH_MAX]);
