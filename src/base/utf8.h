/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Text that others must be able to take: D-Bus and JSON refuse what is no UTF-8,
 * terminals obey control characters.
 */

#include "macro.h"

/* The length of the character at s, of which n bytes are there; 0 where it is
 * none. Overlong forms, surrogates and what lies past U+10FFFF are none (RFC
 * 3629). */
size_t utf8_length(const char *s, size_t n);

bool utf8_is_valid(const char *s);

/* Valid, and without control characters: neither those of ASCII nor C1. */
bool utf8_is_printable(const char *s);

/* Makes it so, in place: tabs and newlines become blanks, each other byte that
 * is not to be there a '?'. */
void utf8_make_printable(char *s);
