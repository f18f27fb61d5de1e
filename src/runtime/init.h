/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container's first process, from its birth to execve(2).
 */

#include "launch.h"

/* argument: a Launch. Never returns: it becomes the container's program, or
 * tells the cause over the channel (before start) or to who started it, and
 * ends. */
void init_main(void *argument) _noreturn_;
