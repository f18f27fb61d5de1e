/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Our own terminal: made raw for as long as another one is shown in it.
 */

#include <termios.h>

#include "macro.h"

typedef struct Terminal {
        int fd; /* -1: not raw */
        struct termios saved;
} Terminal;

#define TERMINAL_INIT ((Terminal){ .fd = -1 })

/* Whether both ends are terminals, so that one can be shown in them. */
bool terminal_is_interactive(void);

/* 0x0 where it is not known. */
void terminal_size(int fd, unsigned *ret_columns, unsigned *ret_rows);

/* Makes it raw. Nothing happens where fd is no terminal. */
int terminal_raw(Terminal *t, int fd);

/* Puts it back as it was; more than once does no harm. */
void terminal_restore(Terminal *t);
#define _cleanup_terminal_ _cleanup_(terminal_restore)
