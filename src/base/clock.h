/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The time in microseconds. */

#include <time.h>

#include "macro.h"

static inline uint64_t timespec_usec(const struct timespec *ts) {
        return (uint64_t) ts->tv_sec * USEC_PER_SEC + (uint64_t) ts->tv_nsec / NSEC_PER_USEC;
}

static inline uint64_t now_usec(clockid_t clock) {
        struct timespec ts;

        clock_gettime(clock, &ts);
        return timespec_usec(&ts);
}

/* USEC_INFINITY where it is more than that. */
static inline uint64_t usec_add(uint64_t a, uint64_t b) {
        return a > USEC_INFINITY - b ? USEC_INFINITY : a + b;
}
