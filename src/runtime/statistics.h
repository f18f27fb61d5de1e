/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a container has used, in the JSON that runc's `events` has for it.
 */

#include <stdio.h>

#include "macro.h"

/* Writes one object. cgroup: its directory; what its controllers do not tell is 0. */
void statistics_write(FILE *f, int cgroup);

/* The number behind a word in a file of lines ("oom_kill 3"); 0 where it is not there. */
uint64_t statistics_value(const char *text, const char *key);
