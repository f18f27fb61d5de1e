/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* JSON arrays of strings. NULL: no memory. */

#include <jansson.h>

json_t *json_strings(char *const *l);

/* Words with blanks between: a list fits on one line of the sources. */
json_t *json_words(const char *text);
