/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "detach.h"

bool detach_feed(Detach *d, const char *data, size_t size, uint64_t now, size_t *ret_size) {
        for (size_t i = 0; i < size; i++) {
                if (data[i] != DETACH_KEY) {
                        d->n = 0;
                        continue;
                }
                if (d->n == DETACH_PRESSES - 1) {
                        if (now - d->pressed[0] <= DETACH_WINDOW_USEC) {
                                *ret_size = i;
                                d->n = 0;
                                return true;
                        }
                        /* The first was too long ago; the others may still count. */
                        memmove(d->pressed, d->pressed + 1, (DETACH_PRESSES - 2) * sizeof(*d->pressed));
                        d->n--;
                }
                d->pressed[d->n++] = now;
        }
        return false;
}
