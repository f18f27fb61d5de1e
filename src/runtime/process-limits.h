/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Resource limits and the out-of-memory score of a process, set from outside.
 */

#include "config.h"

/* Whether there is anything to set. */
bool process_limits_are_given(const ConfigProcess *p);

/* With the caller's rights: raising a hard limit or lowering the score takes
 * rights on the host. */
int process_limits_set(const ConfigProcess *p, pid_t pid, int procfs, Error *error);
