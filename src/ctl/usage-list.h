/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What all containers that run use, as ctrd tells it in one answer.
 */

#include "ctl.h"

#define USAGE_UNKNOWN UINT64_MAX

typedef struct Usage {
        char *name;
        uint64_t when; /* microseconds of CLOCK_MONOTONIC */
        struct {
                char *name; /* as in org.ctrd1(5), GetUsage() */
                uint64_t value;
        } *figures;
        size_t n;
} Usage;

typedef struct UsageList {
        Usage *items;
        size_t n;
} UsageList;

void usage_list_clear(UsageList *l);
int usage_list_read(Ctl *ctl, UsageList *ret, Error *error);

/* USAGE_UNKNOWN where ctrd did not say. */
uint64_t usage_get(const Usage *u, const char *figure);
