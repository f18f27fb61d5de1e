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

/* Its place there. */
static uint32_t place_of(McsPair pair) {
        return pair.low * (2 * MCS_CATEGORIES - pair.low - 1) / 2 + pair.high - pair.low - 1;
}

int mcs_pair_pick(const McsPair *taken, size_t n, const char *name, McsPair *ret) {
        uint32_t start = (uint32_t) (name_hash(name, "categories") % PAIRS);
        uint8_t bits[PAIRS / 8 + 1] = {};

        for (size_t i = 0; i < n; i++)
                if (mcs_pair_is_valid(taken[i]))
                        bits[place_of(taken[i]) / 8] |= (uint8_t) (1 << place_of(taken[i]) % 8);
        for (uint32_t i = 0; i < PAIRS; i++) {
                uint32_t place = (start + i) % PAIRS;

                if (!(bits[place / 8] & 1 << place % 8)) {
                        *ret = pair_at(place);
                        return 0;
                }
        }
        return -EBUSY;
}

void mcs_pair_format(McsPair pair, char ret[static MCS_LEVEL_MAX]) {
        snprintf(ret, MCS_LEVEL_MAX, "s0:c%u,c%u", pair.low, pair.high);
}
