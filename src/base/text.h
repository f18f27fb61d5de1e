/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A text that grows. What open_memstream() of glibc does not: where memory ends it says
 * so, instead of a text without its middle.
 */

#include <stdbool.h>
#include <stddef.h>

#include "macro.h"

typedef struct Text {
        char *data; /* a string, or NULL where nothing was put yet */
        size_t length, allocated;
        bool failed;
} Text;

void text_clear(Text *text);
void text_put(Text *text, const char *format, ...) _printf_(2, 3);
void text_put_bytes(Text *text, const char *data, size_t size);

/* The whole, "" where nothing was put; -ENOMEM where anything was lost. Clears the text. */
int text_take(Text *text, char **ret);
