/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a call comes to. Runs in a process of its own, which changes its root and ids
 * on the way and ends after it.
 */

#include "caller.h"

#define ANSWER_CONTINUE 1

typedef struct AnswerContext {
        uint64_t since;    /* when the container was started, microseconds of CLOCK_BOOTTIME */
        const char *types; /* of file systems, as for answer_mount() */
} AnswerContext;

/* 0: done; a negative errno for the caller; or ANSWER_CONTINUE: the kernel is to do the
 * call as if we were not there. That is no permission: it looks at the arguments anew, which may be others by
 * then, and allows what the container's user namespace may do and nothing more. */
int answer(const Listener *listener, const struct seccomp_notif *request, const AnswerContext *context);

/* sysinfo(2). */
int answer_sysinfo(const Caller *caller, uint64_t usec);

/* mount(2): a file system of one of these types (with commas between them; NULL: none)
 * that is on a block device which the caller may open. It is mounted as root of the host
 * would, with the id map of the caller's user namespace and without devices of its own.
 *
 * That the image is harmless is nowhere checked: its author writes to the host's kernel.
 * This is what the administrator permits by the type's name. */
int answer_mount(const Caller *caller, const char *types);
