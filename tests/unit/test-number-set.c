/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "number-set.h"
#include "test.h"

static void lists(void **state) {
        NumberSet set;

        assert_int_equal(number_set_parse("0", &set), 0);
        assert_int_equal(set.n, 1);
        assert_true(number_set_has(&set, 0));
        assert_int_equal(number_set_size(&set), sizeof(long));

        assert_int_equal(number_set_parse(" 1-3 , 64,70-71", &set), 0);
        assert_int_equal(set.n, 72);
        for (size_t i = 0; i < 80; i++)
                assert_int_equal(number_set_has(&set, i), (i >= 1 && i <= 3) || i == 64 || i == 70 || i == 71);
        assert_int_equal(number_set_size(&set), 2 * sizeof(long));

        assert_int_equal(number_set_parse("8191", &set), 0);
        assert_int_equal(number_set_size(&set), sizeof(set.bits));
}

static void what_is_no_list(void **state) {
        static const char *const bad[] = { "", " ", ",", "1,", ",1", "3-1", "1-", "-1", "a", "1 2", "1--2", "0x1", "1,,2" };
        NumberSet set = { .n = 77 };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(number_set_parse(bad[i], &set), -EINVAL);
        assert_int_equal(number_set_parse("8192", &set), -ERANGE);
        assert_int_equal(number_set_parse("0-99999999999999999999", &set), -ERANGE);
        assert_int_equal(set.n, 77);
}

static void all(void **state) {
        NumberSet set;

        number_set_fill(&set);
        assert_true(number_set_has(&set, 0) && number_set_has(&set, NUMBER_SET_MAX - 1));
        assert_false(number_set_has(&set, NUMBER_SET_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(lists),
                T(what_is_no_list),
                T(all),
        };

        return cmocka_run_group_tests_name("number-set", tests, NULL, NULL);
}
