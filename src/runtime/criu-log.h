/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * criu's log: thousands of lines, of which one or two say why it failed.
 */

#include "macro.h"

#define CRIU_LOG_REASON_MAX 512

/* The reason as criu words it, without its time stamp and source line: the
 * first error of the log, which is the cause; what follows are the consequences.
 * Errors of programs that criu tried to run come first though, since it does not
 * need most of them: they count where there is no other. -ENODATA where there is
 * none. In *ret_kernel: whether criu gave up on the kernel before it looked at any
 * container. directory: where the log is. */
int criu_log_reason(int directory, const char *file, char ret[static CRIU_LOG_REASON_MAX], bool *ret_kernel);

/* The same for a line. Pure. */
typedef enum CriuLogLine {
        CRIU_LOG_NOTHING,
        CRIU_LOG_PROGRAM, /* a program that criu tried to run */
        CRIU_LOG_ERROR,
} CriuLogLine;

CriuLogLine criu_log_parse(const char *line, char ret[static CRIU_LOG_REASON_MAX]);
