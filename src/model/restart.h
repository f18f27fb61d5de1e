/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When a container that has ended is started again, and after which pause. Pure: the
 * manager keeps the count and the timer.
 */

#include "settings.h"
#include "wire.h"

/* Whether such an end is followed by another start, where nobody asked for it. What the
 * policies mean is as in systemd.service(5): always is every end, on-failure all but
 * power-off, on-abnormal those that were not init's own (a signal, a kill, a monitor that
 * was lost). */
bool restart_is_wanted(RestartPolicy policy, ExitReason reason);

/* The pause before restart number n, from 1 on, in microseconds: RestartSec=, and with
 * RestartSteps= growing by the same factor each time until it is RestartMaxDelaySec=. */
uint64_t restart_delay(const Settings *settings, uint64_t n);

/* How many restarts there have been in the interval that began then. */
typedef struct RestartLimit {
        uint64_t begin_usec; /* 0: none yet */
        uint64_t count;
} RestartLimit;

/* Counts one more, unless the limit of the settings is reached. */
bool restart_limit_take(RestartLimit *limit, const Settings *settings, uint64_t now_usec);
