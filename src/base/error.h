/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Errors that a person must understand.
 *
 * Functions return 0 or a positive value when fine and a negative errno when
 * not. Where a person must understand the failure, the last parameter is an
 * Error that is set where the cause is known and is carried up unchanged. Low
 * layers never print; exactly one layer logs or replies.
 */

#include "macro.h"

typedef struct Error {
        int errnum;       /* positive errno, 0 while nothing is set */
        const char *name; /* static: "InvalidSettings", "NoSuchContainer", …; NULL: a failure of the system */
        char *message;    /* one sentence: what was wrong, and what would be right; printable UTF-8 */
} Error;

#define ERROR_INIT ((Error){})

/* Sets the error, unless it is set already (the first cause wins) or NULL.
 * name: NULL or a string constant without prefix. Returns -errnum, so that
 * callers can write "return error_set(…)". errnum may be given with any sign.
 * What is quoted in the sentence may be anything: it is made printable. */
int error_set(Error *error, int errnum, const char *name, const char *format, ...) _printf_(4, 5);

/* The same, with ": " and the text of errnum behind the message. */
int error_set_errno(Error *error, int errnum, const char *format, ...) _printf_(3, 4);

/* Puts "PREFIX: " before the message of an error that is set. Returns -errnum. */
int error_prefix(Error *error, const char *format, ...) _printf_(2, 3);

/* The message, or the text of the errno, never NULL. */
const char *error_message(const Error *error);

bool error_is_set(const Error *error);
bool error_has_name(const Error *error, const char *name);

/* Frees what the error holds and makes it unset again. */
void error_clear(Error *error);

/* Moves the error; what the target held is freed. Returns -errnum. */
int error_move(Error *to, Error *from);

#define _cleanup_error_ _cleanup_(error_clear)
