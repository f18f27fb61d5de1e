/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The console's log: a file that is appended to, and one older file beside it
 * (".1"). Neither grows past its maximum. A log that cannot be written (full
 * disk) loses output and never stops the container.
 */

#include "macro.h"

typedef struct ConsoleLog {
        int fd; /* -EBADF: no log */
        char *path;
        char *older;
        uint64_t size;
        uint64_t max;
} ConsoleLog;

#define CONSOLE_LOG_INIT ((ConsoleLog){ .fd = -EBADF })

/* Opens or makes the file (mode 0600) and goes on at its end. A symlink in its
 * place is an error (-ELOOP). max: bytes per file. */
int console_log_open(ConsoleLog *log, const char *path, uint64_t max);

/* Appends n bytes, at most max, and turns the files over before if they do not
 * fit. Returns 0 or a negative errno, after which the log can still be used. */
int console_log_write(ConsoleLog *log, const void *data, size_t n);

void console_log_close(ConsoleLog *log);
