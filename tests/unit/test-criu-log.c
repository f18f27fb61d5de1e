/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "criu-log.h"
#include "test.h"

static void check(const char *line, CriuLogLine kind, const char *words) {
        char text[CRIU_LOG_REASON_MAX] = "untouched";

        assert_int_equal(criu_log_parse(line, text), kind);
        assert_string_equal(text, words ?: "untouched");
}

static void test_lines(void **state) {
        check("(00.899281) Warn  (criu/cr-restore.c:1297): Set CLONE_PARENT", CRIU_LOG_NOTHING, NULL);
        check("(00.012345) Error (criu/mount.c:123): mnt: 5:./x is a thing.\n", CRIU_LOG_ERROR, "mnt: 5:./x is a thing");
        check("(07.302854)      1: Error (criu/files-reg.c:2093): File fd/1 has bad size\n", CRIU_LOG_ERROR,
              "File fd/1 has bad size");
        check("Error (criu/util.c:627): execvp(\"iptables-save\", ...) failed: No such file\n", CRIU_LOG_PROGRAM,
              "execvp(\"iptables-save\", ...) failed: No such file");
        check("(02.946946) Error (criu/util.c:1567): iptables-save -V failed\n", CRIU_LOG_PROGRAM, "iptables-save -V failed");
        check("(02.9) Error (criu/util.c:642): exited, status=1", CRIU_LOG_PROGRAM, "exited, status=1");
        check("", CRIU_LOG_NOTHING, NULL);
        check("(", CRIU_LOG_NOTHING, NULL);
        check("(00.1) Error (", CRIU_LOG_NOTHING, NULL);
        check("(00.1) Error (x): \n", CRIU_LOG_NOTHING, NULL);
        check("(00.1) Error (x): ...\n", CRIU_LOG_NOTHING, NULL);
        check("12345", CRIU_LOG_NOTHING, NULL);
        check("(00.1) pie: 1: Error (criu/pie/restorer.c:1): it broke", CRIU_LOG_NOTHING, NULL);
}

static void test_long_line(void **state) {
        char line[4096] = "(00.1) Error (x): ", text[CRIU_LOG_REASON_MAX];

        memset(line + strlen(line), 'x', sizeof(line) - strlen(line) - 1);
        line[sizeof(line) - 1] = 0;
        assert_int_equal(criu_log_parse(line, text), CRIU_LOG_ERROR);
        assert_int_equal(strlen(text), CRIU_LOG_REASON_MAX - 1);
}

static void write_log(const char *text) {
        assert_ok(file_write_atomic(AT_FDCWD, "x.log", text, strlen(text), 0600));
}

static void test_reason(void **state) {
        char text[CRIU_LOG_REASON_MAX];
        bool kernel = true;

        assert_int_equal(criu_log_reason(AT_FDCWD, "x.log", text, &kernel), -ENOENT);
        write_log("(00.1) all is well\n");
        assert_int_equal(criu_log_reason(AT_FDCWD, "x.log", text, &kernel), -ENODATA);

        /* The cause, not the programs before it and not the consequences. */
        write_log("(00.1) line\n(00.2) Error (criu/util.c:1): exited, status=1\n(00.3) Error (a:1): the cause.\n"
                  "(00.4) Error (b:2): Dumping FAILED.\n");
        assert_ok(criu_log_reason(AT_FDCWD, "x.log", text, &kernel));
        assert_string_equal(text, "the cause");
        assert_false(kernel);

        write_log("(00.2) Error (criu/util.c:1): exited, status=1\n(00.2) Error (criu/util.c:1): exited, status=2\n");
        assert_ok(criu_log_reason(AT_FDCWD, "x.log", text, &kernel));
        assert_string_equal(text, "exited, status=1");

        write_log("(00.2) Error (criu/vdso.c:381): vdso: Unexpected area\n"
                  "(00.3) Error (criu/kerndat.c:1615): kerndat_vdso failed when initializing kerndat.\n");
        assert_ok(criu_log_reason(AT_FDCWD, "x.log", text, &kernel));
        assert_string_equal(text, "vdso: Unexpected area");
        assert_true(kernel);

        /* The name is ours, what it leads to may be somebody else's. */
        assert_ok(symlink("x.log", "y.log"));
        assert_int_equal(criu_log_reason(AT_FDCWD, "y.log", text, &kernel), -ELOOP);
}

int main(void) {
        const struct CMUnitTest tests[] = { T(test_lines), T(test_long_line), T_DIR(test_reason) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
