/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Lists of strings that end with NULL. A NULL list is an empty one.
 */

#include "macro.h"

char **strv_free(char **l);
DEFINE_CLEANUP(char **, strv_free)
#define _cleanup_strv_ _cleanup_(strv_freep)

size_t strv_length(char *const *l);
bool strv_contains(char *const *l, const char *s);
char **strv_copy(char *const *l);
bool strv_equal(char *const *a, char *const *b);

/* Appends a copy. Returns 0 or -ENOMEM. */
int strv_extend(char ***l, const char *s);
int strv_extendf(char ***l, const char *format, ...) _printf_(2, 3);
/* Appends s itself, and frees it on failure. */
int strv_consume(char ***l, char *s);

/* Splits as systemd.syntax(7) has it: blanks separate, "…" and '…' hold
 * together, a backslash takes the next character (\n, \t, \\, \s for a blank
 * too). -EINVAL: a quote that is never closed, a stray backslash at the end. */
int strv_split_quoted(const char *s, char ***ret);

/* Splits at every separator of the set; empty pieces are dropped. */
int strv_split(const char *s, const char *separators, char ***ret);

/* The reverse of strv_split_quoted(): pieces quoted where they need it. */
char *strv_join_quoted(char *const *l);
char *strv_join(char *const *l, const char *separator);

#define STRV_FOREACH(s, l) for (char *const *s = (l); s && *s; s++)
