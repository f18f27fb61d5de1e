/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "restart.h"
#include "test.h"

/* systemd.service(5), Restart=, "Exit causes". */
static void which_ends_are_followed_by_a_start(void **state) {
        static const struct {
                ExitReason reason;
                bool failure, abnormal;
        } ends[_EXIT_REASON_MAX] = {
                { EXIT_EXITED, true, false },       { EXIT_SIGNALED, true, true },    { EXIT_REBOOT, false, false },
                { EXIT_POWEROFF, false, false },    { EXIT_KILLED, true, true },      { EXIT_MONITOR_LOST, true, true },
                { EXIT_START_FAILED, true, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                assert_false(restart_is_wanted(RESTART_NO, ends[i].reason));
                assert_true(restart_is_wanted(RESTART_ALWAYS, ends[i].reason));
                assert_int_equal(restart_is_wanted(RESTART_ON_FAILURE, ends[i].reason), ends[i].failure);
                assert_int_equal(restart_is_wanted(RESTART_ON_ABNORMAL, ends[i].reason), ends[i].abnormal);
        }
        assert_false(restart_is_wanted(RESTART_ALWAYS, _EXIT_REASON_INVALID));
        assert_false(restart_is_wanted(RESTART_ALWAYS, _EXIT_REASON_MAX));
        assert_false(restart_is_wanted(_RESTART_POLICY_INVALID, EXIT_EXITED));
        assert_false(restart_is_wanted(_RESTART_POLICY_MAX, EXIT_EXITED));
}

static void without_steps_the_pause_stays(void **state) {
        Settings s = { .restart_usec = 100, .restart_max_delay_usec = USEC_INFINITY };

        for (uint64_t n = 0; n < 100; n++)
                assert_int_equal(restart_delay(&s, n), 100);
        assert_int_equal(restart_delay(&s, UINT64_MAX), 100);
}

static void it_grows_by_the_same_factor_and_no_further(void **state) {
        Settings s = { .restart_usec = 1000, .restart_steps = 3, .restart_max_delay_usec = 8000 };
        static const uint64_t delays[] = { 1000, 2000, 4000, 8000, 8000, 8000 };

        for (size_t i = 0; i < ELEMENTSOF(delays); i++)
                assert_in_range(restart_delay(&s, i + 1), delays[i] - 1, delays[i]);
        assert_int_equal(restart_delay(&s, UINT64_MAX), 8000);
}

static void numbers_without_sense_are_survived(void **state) {
        Settings s = { .restart_usec = 0, .restart_steps = 5, .restart_max_delay_usec = 100 };

        assert_int_equal(restart_delay(&s, 3), 0);
        s = (Settings){ .restart_usec = 100, .restart_steps = 5, .restart_max_delay_usec = 10 };
        assert_int_equal(restart_delay(&s, 3), 100);
}

static void so_many_in_an_interval(void **state) {
        Settings s = { .start_limit_interval_usec = 1000, .start_limit_burst = 3 };
        RestartLimit limit = {};

        for (uint64_t now = 10; now < 13; now++)
                assert_true(restart_limit_take(&limit, &s, now));
        assert_false(restart_limit_take(&limit, &s, 13));
        assert_false(restart_limit_take(&limit, &s, 1010));
        assert_true(restart_limit_take(&limit, &s, 1011));
        assert_int_equal(limit.count, 1);
        /* A file that another boot has left. */
        limit = (RestartLimit){ .begin_usec = 5000, .count = 3 };
        assert_true(restart_limit_take(&limit, &s, 20));
}

static void an_interval_of_0_is_no_limit(void **state) {
        Settings s = { .start_limit_burst = 1 };
        RestartLimit limit = {};

        for (uint64_t now = 1; now < 100; now++)
                assert_true(restart_limit_take(&limit, &s, now));
        s.start_limit_interval_usec = USEC_INFINITY;
        assert_true(restart_limit_take(&limit, &s, 1));
        assert_false(restart_limit_take(&limit, &s, UINT64_MAX - 1));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(which_ends_are_followed_by_a_start),
                cmocka_unit_test(without_steps_the_pause_stays),
                cmocka_unit_test(it_grows_by_the_same_factor_and_no_further),
                cmocka_unit_test(numbers_without_sense_are_survived),
                cmocka_unit_test(so_many_in_an_interval),
                cmocka_unit_test(an_interval_of_0_is_no_limit),
        };

        return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
