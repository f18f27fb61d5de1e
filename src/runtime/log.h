/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a run of ctrrun tells what went wrong: stderr, or the file of --log,
 * as text or as a JSON object a line, in the form that runc and crun write
 * and that engines read. The one layer that prints.
 */

#include "error.h"
#include "macro.h"

/* file may be NULL. The file is opened before anything else happens, so that
 * later chdirs and namespaces do not matter. An error goes to standard error as
 * well, unless there is a file and the streams are the command's (exec). */
int log_setup(const char *file, bool json, bool debug, bool streams_are_the_commands, Error *error);

void log_error(const Error *error);
void log_warning(const char *format, ...) _printf_(1, 2);
void log_debug(const char *format, ...) _printf_(1, 2);
