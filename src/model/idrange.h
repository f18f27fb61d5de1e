/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Ranges of user and group ids for user namespaces, as pure data: which are
 * taken, which is free. Where they come from on a host (passwd, subuid, other
 * containers) is for the caller to collect.
 */

#include "macro.h"

#define IDRANGE_COUNT UINT32_C(65536)        /* ids per container */
#define IDRANGE_FIRST UINT32_C(524288)       /* systemd's range for containers: systemd.io/UIDS-GIDS */
#define IDRANGE_LAST UINT32_C(1878982656)    /* the last base, inclusive */

typedef struct IdRange {
        uint32_t base;
        uint32_t count;
} IdRange;

typedef struct IdRangeSet {
        IdRange *ranges;
        size_t n;
} IdRangeSet;

int idrange_set_add(IdRangeSet *set, uint32_t base, uint32_t count);
bool idrange_set_overlaps(const IdRangeSet *set, uint32_t base, uint32_t count);
void idrange_set_clear(IdRangeSet *set);

/* Finds a base that is a multiple of 65,536 in FIRST..LAST and overlaps nothing
 * of the set. The search begins at a place derived from the name, so that a
 * container removed and made again tends to get the same one. -EBUSY: none. */
int idrange_set_pick(const IdRangeSet *set, const char *name, uint32_t *ret_base);
