/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a run ended: told apart, and written down. See docs/architecture.md,
 * "The exit record".
 */

#include "macro.h"
#include "wire.h"

typedef struct ExitRecord {
        ExitReason reason;
        int code;           /* exit status, or signal number */
        uint64_t timestamp; /* CLOCK_REALTIME, microseconds */
        const char *message; /* NULL: none */
} ExitRecord;

/* From what waitid(2) told of PID 1: signal 0 and an exit status, or a signal.
 * killed: whether we have sent SIGKILL. reboot(2) in a pid namespace kills its
 * PID 1 by SIGHUP (restart) or SIGINT (halt, power-off), see
 * pid_namespaces(7); neither can come from elsewhere, since PID 1 does not
 * die of a signal that it has no handler for, SIGKILL from outside excepted. */
void exit_record_classify(int status, int signal, bool killed, ExitRecord *ret);

/* Writes JSON that replaces the file atomically. */
int exit_record_write(const ExitRecord *record, const char *path);

/* Now, CLOCK_REALTIME in microseconds. */
uint64_t exit_record_now(void);
