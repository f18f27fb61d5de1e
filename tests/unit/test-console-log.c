/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "console-log.h"
#include "test.h"

static char directory[64], path[80], older[80];

static int setup(void **state) {
        strcpy(directory, "/tmp/test-console-log-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        snprintf(path, sizeof(path), "%s/log", directory);
        snprintf(older, sizeof(older), "%s/log.1", directory);
        return 0;
}

static int teardown(void **state) {
        (void) unlink(path);
        (void) unlink(older);
        return rmdir(directory);
}

static off_t size_of(const char *name) {
        struct stat st;

        return stat(name, &st) < 0 ? -1 : st.st_size;
}

static void test_turn_over(void **state) {
        ConsoleLog log = CONSOLE_LOG_INIT;
        char data[100];
        struct stat st;

        memset(data, 'x', sizeof(data));
        assert_int_equal(console_log_open(&log, path, 250), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);

        for (unsigned i = 0; i < 2; i++)
                assert_int_equal(console_log_write(&log, data, 100), 0);
        assert_int_equal(size_of(path), 200);
        assert_int_equal(size_of(older), -1);
        assert_int_equal(console_log_write(&log, data, 50), 0);
        assert_int_equal(size_of(path), 250);
        assert_int_equal(console_log_write(&log, data, 1), 0);
        assert_int_equal(size_of(path), 1);
        assert_int_equal(size_of(older), 250);
        for (unsigned i = 0; i < 1000; i++)
                assert_int_equal(console_log_write(&log, data, 100), 0);
        assert_true(size_of(path) <= 250);
        assert_true(size_of(older) <= 250);
        console_log_close(&log);
}

static void test_goes_on(void **state) {
        ConsoleLog log = CONSOLE_LOG_INIT;

        assert_int_equal(console_log_open(&log, path, 10), 0);
        assert_int_equal(console_log_write(&log, "12345678", 8), 0);
        console_log_close(&log);
        assert_int_equal(console_log_write(&log, "lost", 4), 0);

        assert_int_equal(console_log_open(&log, path, 10), 0);
        assert_int_equal(console_log_write(&log, "9", 1), 0);
        assert_int_equal(size_of(path), 9);
        assert_int_equal(console_log_write(&log, "ab", 2), 0);
        assert_int_equal(size_of(path), 2);
        assert_int_equal(size_of(older), 9);
        console_log_close(&log);
}

static void test_refused(void **state) {
        ConsoleLog log = CONSOLE_LOG_INIT;

        assert_int_equal(symlink("/dev/null", path), 0);
        assert_int_equal(console_log_open(&log, path, 100), -ELOOP);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_true(console_log_open(&log, path, 100) < 0);
        assert_int_equal(log.fd, -EBADF);
}

static void test_removed_underneath(void **state) {
        ConsoleLog log = CONSOLE_LOG_INIT;

        assert_int_equal(console_log_open(&log, path, 10), 0);
        assert_int_equal(console_log_write(&log, "12345678", 8), 0);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(console_log_write(&log, "12345678", 8), 0);
        assert_int_equal(size_of(path), 8);
        console_log_close(&log);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_turn_over, setup, teardown),
                cmocka_unit_test_setup_teardown(test_goes_on, setup, teardown),
                cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(test_removed_underneath, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
