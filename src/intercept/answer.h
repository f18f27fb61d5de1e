/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a call comes to. Runs in a process of its own, which changes its root and ids
 * on the way and ends after it.
 */

#include "caller.h"

#define ANSWER_CONTINUE 1

/* usec: when the container was started, of CLOCK_BOOTTIME. 0: done; a negative errno
 * for the caller; or ANSWER_CONTINUE: the kernel is to do the call as if we were not
 * there. That is no permission: it looks at the arguments anew, which may be others by
 * then, and allows what the container's user namespace may do and nothing more. */
int answer(const Listener *listener, const struct seccomp_notif *request, uint64_t usec);

/* sysinfo(2). */
int answer_sysinfo(const Caller *caller, uint64_t usec);
