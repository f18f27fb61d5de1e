/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "format.h"

static void test_bytes(void **state) {
        char b[FORMAT_MAX];

        assert_string_equal(format_bytes(b, 0), "0B");
        assert_string_equal(format_bytes(b, 1023), "1023B");
        assert_string_equal(format_bytes(b, 1536), "1.5K");
        assert_string_equal(format_bytes(b, 234567890), "224M");
        assert_string_equal(format_bytes(b, UINT64_MAX), "infinity");
        assert_string_equal(format_bytes(b, UINT64_MAX - 1), "16.0E");
}

static void test_end(void **state) {
        char b[FORMAT_MAX];

        assert_string_equal(format_end(b, "exited", 3), "exited with status 3");
        assert_string_equal(format_end(b, "killed", 9), "killed by SIGKILL");
        assert_string_equal(format_end(b, "signaled", 0), "signaled by a signal");
        assert_string_equal(format_end(b, "signaled", 9999), "signaled by a signal");
        assert_string_equal(format_end(b, "poweroff", 0), "poweroff");
        assert_string_equal(format_end(b, "", 7), "");
}

static void test_timespan(void **state) {
        char b[FORMAT_MAX];

        assert_string_equal(format_timespan(b, 0), "0us");
        assert_string_equal(format_timespan(b, 999), "999us");
        assert_string_equal(format_timespan(b, 350500), "350ms");
        assert_string_equal(format_timespan(b, 4333000), "4s");
        assert_string_equal(format_timespan(b, 123 * USEC_PER_SEC), "2min 3s");
        assert_string_equal(format_timespan(b, 3600 * USEC_PER_SEC), "1h");
        assert_string_equal(format_timespan(b, 90061 * USEC_PER_SEC), "1d 1h");
        assert_string_equal(format_ago(b, 5 * USEC_PER_SEC, 7 * USEC_PER_SEC), "2s ago");
        assert_string_equal(format_ago(b, 7 * USEC_PER_SEC, 5 * USEC_PER_SEC), "in the future");
}

static void check_plain(const char *text, const char *expected) {
        char copy[256];
        size_t n = strlen(text);

        memcpy(copy, text, n + 1);
        n = format_plain(copy, n);
        copy[n] = 0;
        assert_string_equal(copy, expected);
}

/* What a hostile container writes to its console. */
static void test_plain(void **state) {
        check_plain("plain\ttext\n", "plain\ttext\n");
        check_plain("a\r\nb\a\b", "a\nb");
        check_plain("\033[31mred\033[0m", "red");
        check_plain("\033[?1049h\033[2J\033[1;1Hx", "x");
        check_plain("\033]0;title\ax", "x");
        check_plain("\033]0;title\033\\x", "x");
        check_plain("\033]52;c;cm0gLXJm\nx", "\nx"); /* the clipboard, never ended */
        check_plain("\033Pq#0\033\\x", "x");
        check_plain("\033(Bx", "x");
        check_plain("\033cx", "x");
        check_plain("x\033", "x");
        check_plain("x\033[", "x");
        check_plain("x\033[12", "x");
        check_plain("\033[3\nx", "\nx"); /* broken off: the newline stays */
        check_plain("\xc2\x9b" "2Jx", "2Jx");
        check_plain("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
        check_plain("", "");
}

static void test_tail(void **state) {
        static const char text[] = "one\ntwo\nthree\n";
        size_t n = strlen(text);

        assert_int_equal(format_tail(text, n, 0), n);
        assert_string_equal(text + format_tail(text, n, 1), "three\n");
        assert_string_equal(text + format_tail(text, n, 2), "two\nthree\n");
        assert_int_equal(format_tail(text, n, 3), 0);
        assert_int_equal(format_tail(text, n, SIZE_MAX), 0);
        assert_string_equal("a\nb" + format_tail("a\nb", 3, 1), "b");
        assert_int_equal(format_tail("\n", 1, 1), 0);
        assert_int_equal(format_tail("", 0, 1), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bytes),
                cmocka_unit_test(test_end),
                cmocka_unit_test(test_timespan),
                cmocka_unit_test(test_plain),
                cmocka_unit_test(test_tail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
