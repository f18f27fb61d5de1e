/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>

#include "exit-record.h"
#include "test.h"

static void test_classify(void **state) {
        static const struct {
                int status, signal;
                bool killed;
                ExitReason reason;
                int code;
        } table[] = {
                { 0, 0, false, EXIT_POWEROFF, 0 },
                { 0, 0, true, EXIT_POWEROFF, 0 },
                { 1, 0, false, EXIT_EXITED, 1 },
                { 255, 0, true, EXIT_EXITED, 255 },
                { 0, SIGHUP, false, EXIT_REBOOT, SIGHUP },
                { 0, SIGHUP, true, EXIT_REBOOT, SIGHUP },
                { 0, SIGINT, false, EXIT_POWEROFF, SIGINT },
                { 0, SIGKILL, true, EXIT_KILLED, SIGKILL },
                { 0, SIGKILL, false, EXIT_SIGNALED, SIGKILL },
                { 0, SIGSEGV, false, EXIT_SIGNALED, SIGSEGV },
                { 0, SIGSEGV, true, EXIT_SIGNALED, SIGSEGV },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ExitRecord record = { .timestamp = 7 };

                exit_record_classify(table[i].status, table[i].signal, table[i].killed, &record);
                assert_int_equal(record.reason, table[i].reason);
                assert_int_equal(record.code, table[i].code);
                assert_int_equal(record.timestamp, 7);
        }
}

static void test_written(void **state) {
        char directory[] = "/tmp/test-exit-record-XXXXXX", path[64];
        _cleanup_free_ char *text = NULL;
        ExitRecord record = { .reason = EXIT_EXITED, .code = 3, .timestamp = 1700000000000000 };

        assert_non_null(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/exit.json", directory);

        assert_int_equal(exit_record_write(&record, path), 0);
        assert_int_equal(file_read(AT_FDCWD, path, 4096, &text, NULL), 0);
        assert_string_equal(text, "{\"reason\": \"exited\", \"code\": 3, \"timestamp_usec\": 1700000000000000, "
                                  "\"message\": \"\"}\n");
        free(text);
        text = NULL;

        record.reason = EXIT_START_FAILED;
        record.message = "say \"no\" \\ to\nlines, \xc3\xa4 and \x01";
        assert_int_equal(exit_record_write(&record, path), 0);
        assert_int_equal(file_read(AT_FDCWD, path, 4096, &text, NULL), 0);
        assert_non_null(strstr(text, "\"message\": \"say \\\"no\\\" \\\\ to?lines, \xc3\xa4 and ?\"}"));

        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(directory), 0); /* no temporary file beside it */
        assert_int_equal(exit_record_write(&record, path), -ENOENT);
}

static void test_long_message(void **state) {
        char directory[] = "/tmp/test-exit-record-XXXXXX", path[64], message[5000];
        _cleanup_free_ char *text = NULL;
        ExitRecord record = { .reason = EXIT_START_FAILED, .message = message };

        memset(message, '"', sizeof(message) - 1);
        message[sizeof(message) - 1] = 0;
        assert_non_null(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/exit.json", directory);
        assert_int_equal(exit_record_write(&record, path), 0);
        assert_int_equal(file_read(AT_FDCWD, path, 8192, &text, NULL), 0);
        assert_true(endswith(text, "\\\"\"}\n"));
        unlink(path);
        rmdir(directory);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_classify),
                cmocka_unit_test(test_written),
                cmocka_unit_test(test_long_message),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
