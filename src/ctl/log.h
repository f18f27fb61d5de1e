/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A container's console log: two files, the older and the newer, of which the
 * newer becomes the older when it is full.
 */

#include "ctl.h"

typedef struct Log {
        int older, newer; /* -EBADF where there is none */
} Log;

#define LOG_INIT ((Log){ .older = -EBADF, .newer = -EBADF })

void log_close(Log *l);
int log_open(Ctl *ctl, const char *container, Log *ret, Error *error);

/* What is in both, the last n lines of it (SIZE_MAX: all). Afterwards the newer is
 * read from where this ended. */
int log_read(Log *l, size_t lines, char **ret, size_t *ret_size, Error *error);
