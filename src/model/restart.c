/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>

#include "restart.h"

bool restart_is_wanted(RestartPolicy policy, ExitReason reason) {
        enum { FAILURE = 1, ABNORMAL = 2, ANY = 4 };
        static const unsigned char ends[_EXIT_REASON_MAX] = {
                [EXIT_EXITED] = FAILURE | ANY,
                [EXIT_SIGNALED] = FAILURE | ABNORMAL | ANY,
                [EXIT_REBOOT] = ANY,
                [EXIT_POWEROFF] = ANY,
                [EXIT_KILLED] = FAILURE | ABNORMAL | ANY,
                [EXIT_MONITOR_LOST] = FAILURE | ABNORMAL | ANY,
                [EXIT_START_FAILED] = FAILURE | ANY,
        };
        static const unsigned char policies[_RESTART_POLICY_MAX] = {
                [RESTART_ON_FAILURE] = FAILURE,
                [RESTART_ON_ABNORMAL] = ABNORMAL,
                [RESTART_ALWAYS] = ANY,
        };

        if (policy < 0 || policy >= _RESTART_POLICY_MAX || reason < 0 || reason >= _EXIT_REASON_MAX)
                return false;
        return policies[policy] & ends[reason];
}

uint64_t restart_delay(const Settings *s, uint64_t n) {
        if (n <= 1 || s->restart_steps == 0 || s->restart_usec == 0 || s->restart_max_delay_usec <= s->restart_usec)
                return s->restart_usec;
        if (n > s->restart_steps)
                return s->restart_max_delay_usec;
        return (uint64_t) (s->restart_usec * powl((long double) s->restart_max_delay_usec / s->restart_usec,
                                                  (long double) (n - 1) / s->restart_steps));
}

bool restart_limit_take(RestartLimit *limit, const Settings *s, uint64_t now_usec) {
        if (s->start_limit_interval_usec == 0)
                return true;
        if (limit->begin_usec == 0 || now_usec < limit->begin_usec || now_usec - limit->begin_usec > s->start_limit_interval_usec)
                *limit = (RestartLimit){ .begin_usec = now_usec };
        if (limit->count >= s->start_limit_burst)
                return false;
        limit->count++;
        return true;
}
