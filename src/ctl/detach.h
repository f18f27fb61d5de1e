/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The keys that leave a terminal: Ctrl-] three times within a second, as
 * machinectl(1) has it.
 */

#include "macro.h"

#define DETACH_KEY 0x1d /* Ctrl-] */
#define DETACH_PRESSES 3
#define DETACH_WINDOW_USEC USEC_PER_SEC

typedef struct Detach {
        uint64_t pressed[DETACH_PRESSES - 1]; /* the presses before, latest last */
        unsigned n;
} Detach;

/* Looks at what was typed at the given time (any clock that only goes forward).
 * True where the keys are complete; *ret_size then is how much came before the
 * last press. Another key in between begins anew. */
bool detach_feed(Detach *d, const char *data, size_t size, uint64_t now, size_t *ret_size);
