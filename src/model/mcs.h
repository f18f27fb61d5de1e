/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pairs of categories, by which a policy of SELinux with categories (MCS) tells
 * containers of one type apart: a process reads and writes what has no category that
 * it has not. Two pairs that differ are apart, however they meet in one.
 */

#include "macro.h"

#define MCS_CATEGORIES 1024 /* c0 to c1023, as distributions' policies have */

typedef struct McsPair {
        uint32_t low, high; /* low < high; both 0: none */
} McsPair;

bool mcs_pair_is_valid(McsPair pair);

/* A pair that is not among those taken; the same for the same name, where it can be.
 * -EBUSY: each of the 523776 is taken. */
int mcs_pair_pick(const McsPair *taken, size_t n, const char *name, McsPair *ret);

/* Of a context in settings; one that the kernel takes may be longer. */
#define SELINUX_CONTEXT_MAX 200

/* "s0:c12,c345" */
#define MCS_LEVEL_MAX 20
void mcs_pair_format(McsPair pair, char ret[static MCS_LEVEL_MAX]);
