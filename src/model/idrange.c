/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "idrange.h"
#include "name.h"

int idrange_set_add(IdRangeSet *set, uint32_t base, uint32_t count) {
        if (count == 0)
                return 0;

        IdRange *larger = realloc(set->ranges, (set->n + 1) * sizeof(IdRange));
        if (!larger)
                return -ENOMEM;
        set->ranges = larger;
        set->ranges[set->n++] = (IdRange){ base, count };
        return 0;
}

bool idrange_set_overlaps(const IdRangeSet *set, uint32_t base, uint32_t count) {
        for (size_t i = 0; i < set->n; i++) {
                const IdRange *r = &set->ranges[i];

                if (base < (uint64_t) r->base + r->count && r->base < (uint64_t) base + count)
                        return true;
        }
        return false;
}

void idrange_set_clear(IdRangeSet *set) {
        free(set->ranges);
        *set = (IdRangeSet){};
}

int idrange_set_pick(const IdRangeSet *set, const char *name, uint32_t count, uint32_t *ret_base) {
        /* Places where count ids still end within the range. */
        const uint32_t slots = (IDRANGE_END - IDRANGE_FIRST - count) / IDRANGE_COUNT + 1;
        uint32_t start = (uint32_t) (name_hash(name, "ids") % slots);

        for (uint32_t i = 0; i < slots; i++) {
                uint32_t base = IDRANGE_FIRST + ((start + i) % slots) * IDRANGE_COUNT;

                if (!idrange_set_overlaps(set, base, count)) {
                        *ret_base = base;
                        return 0;
                }
        }
        return -EBUSY;
}
