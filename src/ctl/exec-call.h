/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The call that begins a command: org.ctrd1.Container.Exec. Each of the two programs
 * has its own: exec-call-bus.c with libsystemd, exec-call-direct.c without.
 */

#include "exec.h"

/* Sends streams (none with a terminal) and returns the session's socket. */
int exec_call(Ctl *ctl, const ExecRequest *q, const int *streams, size_t n_streams, int *ret_session, Error *error);
