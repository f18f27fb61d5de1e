/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The other program: ctrctl with all its verbs, which needs the system's libraries.
 */

#include "error.h"

/* Becomes it. Returns only where that fails. */
int full_run(char **argv, Error *error);
