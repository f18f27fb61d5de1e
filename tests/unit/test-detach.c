/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "detach.h"

#define KEY "\x1d"

static bool feed(Detach *d, const char *data, uint64_t now) {
        size_t size = 0;

        return detach_feed(d, data, strlen(data), now, &size);
}

static void test_at_once(void **state) {
        Detach d = {};
        size_t size = 99;

        assert_true(detach_feed(&d, "ab" KEY KEY KEY "c", 6, 5, &size));
        assert_int_equal(size, 4);
}

static void test_within_a_second(void **state) {
        Detach d = {};

        assert_false(feed(&d, KEY, 0));
        assert_false(feed(&d, KEY, 400000));
        assert_true(feed(&d, KEY, 1000000));
        /* and not again by itself */
        assert_false(feed(&d, KEY, 1000001));
}

static void test_too_slow(void **state) {
        Detach d = {};

        assert_false(feed(&d, KEY, 0));
        assert_false(feed(&d, KEY, 900000));
        assert_false(feed(&d, KEY, 1000001));
        /* but the last two are the beginning of the next */
        assert_true(feed(&d, KEY, 1500000));
}

static void test_other_keys(void **state) {
        Detach d = {};

        assert_false(feed(&d, KEY KEY "x" KEY, 0));
        assert_false(feed(&d, KEY, 1));
        assert_true(feed(&d, KEY, 2));
        assert_false(feed(&d, "", 3));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_at_once),
                cmocka_unit_test(test_within_a_second),
                cmocka_unit_test(test_too_slow),
                cmocka_unit_test(test_other_keys),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
