/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Hooks: programs that the config names, run at points of the lifecycle.
 */

#include "config.h"

/* Runs the hooks of one point in order, each with the state (JSON text) on
 * its standard input and its own environment, or where the config gives it none
 * the caller's (startContainer: the container's). A hook that fails, or takes
 * longer than its timeout, ends the row; what it wrote to stderr is in the error.
 * Runs them in the caller's namespaces. */
int hook_run(const Config *c, HookPoint point, const char *state, Error *error);

/* The same for what comes after the deed, poststop: a hook that fails is a warning in
 * the log, and the others are run as if it had not (runtime-spec, "Lifecycle"). */
void hook_run_late(const Config *c, HookPoint point, const char *state);
