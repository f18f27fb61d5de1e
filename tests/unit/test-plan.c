/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan.h"
#include "test.h"

#define MINIMAL                          \
        "NAME=web\n"                     \
        "RUNTIME=/usr/bin/ctrrun\n"      \
        "BUNDLE=/run/b\n"                \
        "ROOTFS=/run/r\n"                \
        "ROOT=overlay\n"                 \
        "LOWER=/img/rootfs\n"            \
        "STORE=/var/fs\n"                \
        "STOP_SIGNAL=38\n"               \
        "EXIT_RECORD=/var/exit.json\n"

static void refuse(const char *text, const char *word) {
        Plan plan = { .name = "untouched" };
        _cleanup_error_ Error error = ERROR_INIT;

        assert_int_equal(plan_parse(text, strlen(text), &plan, &error), -EINVAL);
        if (!strstr(error_message(&error), word))
                fail_msg("\"%s\" does not name %s", error_message(&error), word);
        assert_string_equal(plan.name, "untouched");
}

static void test_whole(void **state) {
        static const char text[] = MINIMAL
                "LOWER=/img/second\n"
                "READONLY=yes\n"
                "IDMAP=0 524288 65536\n"
                "IDMAP=70000 700000 1\n"
                "STOP_TIMEOUT_USEC=infinity\n"
                "EXTEND_MAX_USEC=300000000\n"
                "NOTIFY=yes\n"
                "NOTIFY_SOCKET=/run/h/notify\n"
                "CONSOLE_LOG=/var/console.log\n"
                "CONSOLE_LOG_MAX=65536";
        _cleanup_plan_ Plan plan = {};

        assert_int_equal(plan_parse(text, strlen(text), &plan, NULL), 0);
        assert_string_equal(plan.name, "web");
        assert_int_equal(plan.root, PLAN_ROOT_OVERLAY);
        assert_int_equal(plan.n_lower, 2);
        assert_string_equal(plan.lower[0], "/img/rootfs");
        assert_string_equal(plan.lower[1], "/img/second");
        assert_int_equal(plan.n_idmap, 2);
        assert_int_equal(plan.idmap[0].outside, 524288);
        assert_int_equal(plan.idmap[1].inside, 70000);
        assert_true(plan.readonly);
        assert_true(plan.notify);
        assert_true(plan.terminal);
        assert_int_equal(plan.stop_signal, 38);
        assert_true(plan.stop_timeout == USEC_INFINITY);
        assert_true(plan.extend_max == 300 * USEC_PER_SEC);
        assert_int_equal(plan.console_log_max, 65536);
}

static void test_defaults(void **state) {
        _cleanup_plan_ Plan plan = {};

        assert_int_equal(plan_parse(MINIMAL, strlen(MINIMAL), &plan, NULL), 0);
        assert_false(plan.readonly);
        assert_false(plan.notify);
        assert_null(plan.notify_socket);
        assert_null(plan.console_log);
        assert_int_equal(plan.n_idmap, 0);
}

static void test_refused(void **state) {
        refuse(MINIMAL "COLOUR=red\n", "COLOUR");
        refuse(MINIMAL "name=web\n", "name");
        refuse(MINIMAL "NAME=web\n", "NAME");
        refuse(MINIMAL "no equals sign\n", "KEY=VALUE");
        refuse(MINIMAL "\n", "KEY=VALUE");
        refuse(MINIMAL "READONLY=perhaps\n", "READONLY");
        refuse(MINIMAL "IDMAP=0 1\n", "IDMAP");
        refuse(MINIMAL "IDMAP=0 1 2 3\n", "IDMAP");
        refuse(MINIMAL "IDMAP=0  1 2\n", "IDMAP");
        refuse(MINIMAL "IDMAP=0 1 4294967296\n", "IDMAP");
        refuse(MINIMAL "IDMAP=0 1000 10\nIDMAP=5 2000 10\n", "IDMAP");
        refuse(MINIMAL "IDMAP=0 1000 0\n", "IDMAP");
        refuse(MINIMAL "STOP_TIMEOUT_USEC=-1\n", "STOP_TIMEOUT_USEC");
        refuse(MINIMAL "STOP_TIMEOUT_USEC=1s\n", "STOP_TIMEOUT_USEC");
        refuse(MINIMAL "CONSOLE_LOG=relative\n", "CONSOLE_LOG");
        refuse(MINIMAL "CONSOLE_LOG_MAX=10\n", "CONSOLE_LOG_MAX");
        refuse(MINIMAL "NOTIFY=yes\n", "NOTIFY_SOCKET");
        refuse(MINIMAL "LOWER=\n", "LOWER");
}

static void test_missing(void **state) {
        static const char *const keys[] = {
                "NAME", "RUNTIME", "BUNDLE", "ROOTFS", "ROOT", "LOWER", "STORE", "STOP_SIGNAL", "EXIT_RECORD",
        };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                char text[] = MINIMAL, needle[32];

                snprintf(needle, sizeof(needle), "%s=", keys[i]);
                char *line = strstr(text, needle);
                assert_non_null(line);
                char *end = strchr(line, '\n') + 1;
                memmove(line, end, strlen(end) + 1);
                refuse(text, needle);
        }
        refuse("", "NAME");
}

static void test_bind(void **state) {
        static const char bind[] = "NAME=w\nRUNTIME=/r\nBUNDLE=/b\nROOTFS=/f\nROOT=bind\nSTORE=/s\nSTOP_SIGNAL=15\n"
                                   "EXIT_RECORD=/e\n";
        _cleanup_plan_ Plan plan = {};
        char text[512];

        assert_int_equal(plan_parse(bind, strlen(bind), &plan, NULL), 0);
        assert_int_equal(plan.root, PLAN_ROOT_BIND);
        snprintf(text, sizeof(text), "%sLOWER=/l\n", bind);
        refuse(text, "LOWER");
        snprintf(text, sizeof(text), "%sTERMINAL=maybe\n", bind);
        refuse(text, "TERMINAL");
}

static void test_limits(void **state) {
        _cleanup_free_ char *text = malloc(PLAN_MAX + 2);
        _cleanup_error_ Error error = ERROR_INIT;
        Plan plan;
        size_t n = strlen(MINIMAL);

        memcpy(text, MINIMAL, n + 1);
        for (unsigned i = 0; i < PLAN_LOWER_MAX; i++)
                n += (size_t) sprintf(text + n, "LOWER=/l%u\n", i);
        refuse(text, "LOWER");

        memset(text, 'x', PLAN_MAX + 1);
        assert_int_equal(plan_parse(text, PLAN_MAX + 1, &plan, &error), -E2BIG);

        static const char nul[] = MINIMAL "CONSOLE_LOG=/a\0b\n";
        assert_int_equal(plan_parse(nul, sizeof(nul) - 1, &plan, NULL), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_whole),   cmocka_unit_test(test_defaults), cmocka_unit_test(test_refused),
                cmocka_unit_test(test_missing), cmocka_unit_test(test_bind),     cmocka_unit_test(test_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
