/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "mcs.h"
#include "name.h"

#define PAIRS (MCS_CATEGORIES * (MCS_CATEGORIES - 1) / 2)

bool mcs_pair_is_valid(McsPair pair) {
        return pair.low < pair.high && pair.high < MCS_CATEGORIES;
}

/* The pairs in a row: all whose lower one is 0, then 1, and so on. */
static McsPair pair_at(uint32_t i) {
        uint32_t low = 0;

        while (i >= MCS_CATEGORIES - 1 - low)
                i -= MCS_CATEGORIES - 1 - low++;
        return (McsPair){ low, low + 1 + i };
}

static bool is_taken(const McsPair *taken, size_t n, McsPair pair) {
        for (size_t i = 0; i < n; i++)
                if (taken[i].low == pair.low && taken[i].high == pair.high)
                        return true;
        return false;
}

int mcs_pair_pick(const McsPair *taken, size_t n, const char *name, McsPair *ret) {
        uint32_t start = (uint32_t) (name_hash(name, "categories") % PAIRS);

        for (uint32_t i = 0; i < PAIRS; i++) {
                McsPair pair = pair_at((start + i) % PAIRS);

                if (!is_taken(taken, n, pair)) {
                        *ret = pair;
                        return 0;
                }
        }
        return -EBUSY;
}

void mcs_pair_format(McsPair pair, char ret[static MCS_LEVEL_MAX]) {
        snprintf(ret, MCS_LEVEL_MAX, "s0:c%u,c%u", pair.low, pair.high);
}
