/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What an examination of the host finds: how bad it is, what was looked at, how it is,
 * and what to do.
 */

#include "macro.h"

typedef enum FindingLevel {
        FINDING_OK,
        FINDING_HINT,    /* could be better, or is in the way of many containers */
        FINDING_WARNING, /* something does not work, or was left behind */
        FINDING_ERROR,   /* no container works */
        _FINDING_LEVEL_MAX,
        _FINDING_LEVEL_INVALID = -EINVAL,
} FindingLevel;

const char *finding_level_to_string(FindingLevel level);
FindingLevel finding_level_from_string(const char *s);

typedef struct Finding {
        FindingLevel level;
        char *check;  /* what was looked at, some words */
        char *state;  /* how it is, half a sentence */
        char *advice; /* what to do, "" where there is nothing */
} Finding;

typedef struct FindingList {
        Finding *items;
        size_t n;
} FindingList;

void finding_list_clear(FindingList *l);

/* state and advice are made printable; advice may be NULL. Without memory one is
 * lost. */
void finding_add(FindingList *l, FindingLevel level, const char *check, const char *advice, const char *format, ...) _printf_(5, 6);
