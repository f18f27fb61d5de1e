/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads lines from a pipe as they come.
 */

#include <systemd/sd-event.h>

#include "macro.h"

typedef struct LineReader LineReader;

#define LINE_READER_MAX 4096 /* what is longer is cut */

/* line: without its end, printable UTF-8 whatever was written; NULL at the end of
 * the stream. May not free the reader. */
typedef void (*LineReaderFunc)(const char *line, void *userdata);

/* Takes the descriptor. */
int line_reader_new(sd_event *event, int fd, LineReaderFunc func, void *userdata, LineReader **ret);

/* The same of a new pipe, whose other end is the caller's. */
int line_reader_new_pipe(sd_event *event, LineReaderFunc func, void *userdata, LineReader **ret, int *ret_fd);
LineReader *line_reader_free(LineReader *reader);

/* Reads what is there now. A NULL reader is fine. */
void line_reader_drain(LineReader *reader);
