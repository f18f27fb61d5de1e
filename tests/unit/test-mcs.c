/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "mcs.h"
#include "test.h"

static bool equal(McsPair a, McsPair b) {
        return a.low == b.low && a.high == b.high;
}

static void pairs_are_two_in_order(void **state) {
        assert_false(mcs_pair_is_valid((McsPair){}));
        assert_false(mcs_pair_is_valid((McsPair){ 5, 5 }));
        assert_false(mcs_pair_is_valid((McsPair){ 6, 5 }));
        assert_false(mcs_pair_is_valid((McsPair){ 1, 1024 }));
        assert_true(mcs_pair_is_valid((McsPair){ 0, 1 }));
        assert_true(mcs_pair_is_valid((McsPair){ 1022, 1023 }));
}

static void the_same_name_gets_the_same(void **state) {
        McsPair a, b, c;

        assert_ok(mcs_pair_pick(NULL, 0, "web", &a));
        assert_ok(mcs_pair_pick(NULL, 0, "web", &b));
        assert_ok(mcs_pair_pick(NULL, 0, "db", &c));
        assert_true(equal(a, b));
        assert_false(equal(a, c));
        assert_ok(mcs_pair_pick(&a, 1, "web", &b));
        assert_false(equal(a, b));
}

static void none_is_given_twice(void **state) {
        enum { N = 3000 };
        McsPair *taken = calloc(N, sizeof(McsPair));

        for (size_t i = 0; i < N; i++) {
                char name[16];

                snprintf(name, sizeof(name), "c%zu", i % 20); /* often the same place to begin at */
                assert_ok(mcs_pair_pick(taken, i, name, &taken[i]));
                assert_true(mcs_pair_is_valid(taken[i]));
                for (size_t j = 0; j < i; j++)
                        assert_false(equal(taken[i], taken[j]));
        }
        free(taken);
}

static void the_last_one_is_found_and_then_there_is_none(void **state) {
        enum { N = 1024 * 1023 / 2 };
        McsPair *taken = calloc(N, sizeof(McsPair)), left = { 17, 1000 }, pair;
        size_t n = 0;

        for (unsigned low = 0; low < 1024; low++)
                for (unsigned high = low + 1; high < 1024; high++)
                        if (low != left.low || high != left.high)
                                taken[n++] = (McsPair){ low, high };
        assert_int_equal(n, N - 1);
        assert_ok(mcs_pair_pick(taken, n, "web", &pair));
        assert_true(equal(pair, left));
        taken[n++] = pair;
        assert_int_equal(mcs_pair_pick(taken, n, "web", &pair), -EBUSY);
        free(taken);
}

static void levels(void **state) {
        char level[MCS_LEVEL_MAX];

        mcs_pair_format((McsPair){ 0, 1 }, level);
        assert_string_equal(level, "s0:c0,c1");
        mcs_pair_format((McsPair){ 1022, 1023 }, level);
        assert_string_equal(level, "s0:c1022,c1023");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(pairs_are_two_in_order), T(the_same_name_gets_the_same), T(none_is_given_twice),
                T(the_last_one_is_found_and_then_there_is_none),
                T(levels),
        };

        return cmocka_run_group_tests_name("mcs", tests, NULL, NULL);
}
