/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One value of D-Bus with its type: numbers, booleans, strings, and lists of them.
 */

#include "arena.h"
#include "dbus-message.h"

#define VARIANT_NUMBERS "ybnqiuxtd"

typedef struct Variant {
        char type;    /* of D-Bus: one of VARIANT_NUMBERS, or s o g */
        bool is_list; /* of it */
        size_t n;     /* how many; 1 where it is no list */
        uint64_t *numbers;  /* signed ones by their bits, 'd' too; or: */
        char **strings;
} Variant;

/* Reads GVariant's text form: 5, uint64 5, true, 'x', "x", ['a', 'b'], @as []. A number
 * without a type is an int32. -EINVAL, or -ERANGE. */
int variant_parse(Arena *arena, const char *text, Variant *ret);

/* Writes signature and value, as a variant has them. */
void variant_put(DBusWriter *w, const Variant *v);

/* "t 5", "as ['a']": for tests and logs. To be freed; NULL where there is no memory. */
char *variant_format(const Variant *v);
