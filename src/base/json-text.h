/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A JSON value as text.
 */

#include <jansson.h>

/* As json_dumps(3), also NULL for no value; but where memory ends it is NULL, always. That of
 * jansson up to 2.14 at least does not look whether the key of an object was put, and may
 * return a text that lacks it, which nothing can read. */
char *json_text(const json_t *json, size_t flags);
