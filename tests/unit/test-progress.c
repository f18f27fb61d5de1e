/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "progress.h"

static void check(unsigned columns, const char *name, unsigned percent, const char *message, const char *expected) {
        char line[PROGRESS_LINE_MAX];

        progress_format(line, columns, name, percent, message);
        assert_string_equal(line, expected);
}

static void test_line(void **state) {
        check(80, "web", 0, NULL, "web [....................]   0%");
        check(80, "web", 43, "unpacking", "web [########............]  43% unpacking");
        check(80, "web", 100, "", "web [####################] 100%");
        check(80, "web", 250, "", "web [####################] 100%");
        check(0, "web", 5, "x", "web [#...................]   5% x"); /* unknown: 80 */
}

static void test_narrow(void **state) {
        check(40, "web", 43, "unpacking base files", "web [########............]  43% unpacki");
        check(20, "web", 43, "unpacking", "web  43% unpacking");
        check(10, "web", 43, "unpacking", "web  43%");
        check(3, "web", 43, "unpacking", "we");
        check(1, "web", 43, "unpacking", "");
}

/* Messages come from templates: they must not command the terminal. */
static void test_controls(void **state) {
        check(60, "web", 0, "a\033[2Jb\nc\177", "web [....................]   0% a?[2Jb?c?");
        check(60, "web", 0, "\xc2\x9b" "2J", "web [....................]   0% ??2J"); /* CSI in UTF-8 */
        check(60, "web", 0, "\xff\xc3", "web [....................]   0% ??");
        check(60, "web", 0, "gr\xc3\xbc\xc3\x9f", "web [....................]   0% gr\xc3\xbc\xc3\x9f");
}

static void test_long(void **state) {
        char line[PROGRESS_LINE_MAX], message[4096];

        memset(message, 'x', sizeof(message) - 1);
        message[sizeof(message) - 1] = 0;
        progress_format(line, 65535, "web", 1, message);
        assert_true(strlen(line) < sizeof(line));
        progress_format(line, 65535, message, 1, message);
        assert_true(strlen(line) < sizeof(line));
        for (size_t i = 0; i + 4 < sizeof(message); i += 4)
                memcpy(message + i, "\xf0\x9f\x98\x80", 4);
        progress_format(line, 65535, "web", 1, message);
        assert_true(strlen(line) < sizeof(line));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_line),
                cmocka_unit_test(test_narrow),
                cmocka_unit_test(test_controls),
                cmocka_unit_test(test_long),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
