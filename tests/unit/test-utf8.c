/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"
#include "utf8.h"

static const struct {
        const char *bytes;
        bool valid, printable;
        const char *made;
} cases[] = {
        { "", true, true, "" },
        { "plain ~", true, true, "plain ~" },
        { "h\xc3\xa9", true, true, "h\xc3\xa9" },
        { "\xe2\x82\xac", true, true, "\xe2\x82\xac" },
        { "\xf0\x9f\x90\xa7", true, true, "\xf0\x9f\x90\xa7" },
        { "\xf4\x8f\xbf\xbf", true, true, "\xf4\x8f\xbf\xbf" },
        { "\xed\x9f\xbf", true, true, "\xed\x9f\xbf" },
        /* control characters */
        { "a\nb\tc", true, false, "a b c" },
        { "\x1b[2J", true, false, "?[2J" },
        { "\x7f", true, false, "?" },
        { "\xc2\x9b" "2J", true, false, "??2J" },
        { "\xc2\x85", true, false, "??" },
        { "\xc2\xa0", true, true, "\xc2\xa0" },
        /* no UTF-8 */
        { "\xe9t\xe9", false, false, "?t?" },
        { "\x80", false, false, "?" },
        { "\xc0\x80", false, false, "??" },
        { "\xc1\xbf", false, false, "??" },
        { "\xe0\x9f\xbf", false, false, "???" },
        { "\xf0\x8f\xbf\xbf", false, false, "????" },
        { "\xed\xa0\x80", false, false, "???" },
        { "\xf4\x90\x80\x80", false, false, "????" },
        { "\xf5\x80\x80\x80", false, false, "????" },
        { "\xff", false, false, "?" },
        /* cut off */
        { "a\xc3", false, false, "a?" },
        { "a\xe2\x82", false, false, "a??" },
        { "\xc3(", false, false, "?(" },
        { "\xe2\x82\xc3\xa9", false, false, "??\xc3\xa9" },
};

static void each_case_is_judged(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_int_equal(utf8_is_valid(cases[i].bytes), cases[i].valid);
                assert_int_equal(utf8_is_printable(cases[i].bytes), cases[i].printable);
        }
}

static void each_case_is_made_printable(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *copy = strdup(cases[i].bytes);

                utf8_make_printable(copy);
                assert_string_equal(copy, cases[i].made);
                assert_true(utf8_is_printable(copy));
        }
}

static void any_bytes_become_printable(void **state) {
        for (unsigned round = 0; round < 20000; round++) {
                char text[10] = {};

                for (size_t i = 0; i < sizeof(text) - 1; i++)
                        text[i] = (char) (1 + test_random() % 255);
                utf8_make_printable(text);
                assert_int_equal(strlen(text), sizeof(text) - 1);
                assert_true(utf8_is_printable(text));
        }
}

static void length_stays_within_what_is_there(void **state) {
        assert_int_equal(utf8_length("", 0), 0);
        assert_int_equal(utf8_length("\xe2\x82\xac", 3), 3);
        assert_int_equal(utf8_length("\xe2\x82\xac", 2), 0);
        assert_int_equal(utf8_length("\xe2\x82\xac", 0), 0);
        assert_int_equal(utf8_length("\0", 1), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(each_case_is_judged),
                T(each_case_is_made_printable),
                T(any_bytes_become_printable),
                T(length_stays_within_what_is_there),
        };

        return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
