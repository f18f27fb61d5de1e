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
#define IDRANGE_END UINT32_C(1879048192)     /* behind the last id of that range */
/* Of all there are: the last 65536 have ids among them that mean "none", uid_t -1 of 32
 * and of 16 bits. */
#define UIDS_END UINT32_C(4294901760)
/* With Nesting=: up to 1048575, so that inside are ids for users of engines (from
 * 100000, useradd(8)) and the first eight of the range above. */
#define IDRANGE_COUNT_NESTING UINT32_C(1048576)

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

/* Finds the base of count ids, a multiple of 65,536 as is count, within FIRST..END,
 * that overlaps nothing of the set. The search begins at a place derived from the name, so that a
 * container removed and made again tends to get the same one. -EBUSY: none. */
int idrange_set_pick(const IdRangeSet *set, const char *name, uint32_t count, uint32_t *ret_base);
