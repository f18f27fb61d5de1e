/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>

#include "runtime-call.h"
#include "test.h"

static void expect(const char *text, const char *sentence) {
        char message[RUNTIME_MESSAGE_MAX];

        runtime_message(text, message);
        assert_string_equal(message, sentence);
}

static void test_message(void **state) {
        expect("", "");
        expect("\n\n", "");
        expect("one\ntwo\n", "two");
        expect("executable file `/x` not found: No such file or directory\n",
               "executable file `/x` not found: No such file or directory");
        expect("2023-01-02T03:04:05.678901Z: open `/x`: No such file or directory\n",
               "open `/x`: No such file or directory");
        expect("2 times wrong", "2 times wrong");
        expect("time=\"2023-01-02T03:04:05Z\" level=warning msg=\"first\"\n"
               "time=\"2023-01-02T03:04:05Z\" level=error msg=\"exec \\\"/x\\\": not found\"\n",
               "exec \"/x\": not found");
        expect("{\"level\":\"error\",\"msg\":\"say \\\"no\\\"\",\"time\":\"now\"}\n", "say \"no\"");
        expect("{\"msg\": \"cut off", "cut off");
}

static void test_long_message(void **state) {
        char text[3 * RUNTIME_MESSAGE_MAX], message[RUNTIME_MESSAGE_MAX];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = 0;
        runtime_message(text, message);
        assert_int_equal(strlen(message), RUNTIME_MESSAGE_MAX - 1);
}

typedef struct End {
        Loop *loop;
        int status;
        int signal;
} End;

static void ended(void *userdata, int status, int signal) {
        End *end = userdata;

        end->status = status;
        end->signal = signal;
        loop_end(end->loop);
}

static void call_shell(RuntimeCall *call, const char *script, uint64_t timeout, End *end) {
        char *const argv[] = { (char *) "/bin/sh", (char *) "-c", (char *) script, NULL };
        Loop loop;

        end->loop = &loop;
        assert_int_equal(loop_open(&loop), 0);
        assert_int_equal(runtime_call(call, &loop, argv, -1, timeout, ended, end), 0);
        assert_true(runtime_call_is_running(call));
        assert_int_equal(loop_run(&loop), 0);
        assert_false(runtime_call_is_running(call));
        loop_close(&loop);
}

static void test_call(void **state) {
        if (test_on_valgrind())
                skip(); /* it knows no pidfd_open(2) */

        RuntimeCall call = RUNTIME_CALL_INIT;
        End end = {};

        call_shell(&call, "echo out; echo err >&2; exit 3", USEC_PER_SEC * 30, &end);
        assert_int_equal(end.status, 3);
        assert_int_equal(end.signal, 0);
        assert_string_equal(call.text, "out\nerr\n");

        /* the end of much output is what is kept */
        call_shell(&call, "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done", USEC_PER_SEC * 30, &end);
        assert_int_equal(end.status, 0);
        assert_int_equal(strlen(call.text), RUNTIME_OUTPUT_MAX);
        assert_true(endswith(call.text, "line 2999\n"));

        call_shell(&call, "while :; do read x </dev/zero || :; done", 10000, &end);
        assert_int_equal(end.signal, SIGKILL);

        /* what outlives it and has its output open is not waited for */
        call_shell(&call, "sleep 1000 & echo $!", USEC_PER_SEC * 30, &end);
        pid_t left = (pid_t) atoi(call.text);
        assert_true(left > 0);
        int fd = runtime_call_take_output(&call);
        assert_true(fd >= 0);
        fd_close(fd);
        assert_int_equal(kill(left, SIGKILL), 0);
        runtime_call_clear(&call);
}

static void test_missing(void **state) {
        if (test_on_valgrind())
                skip(); /* it knows no pidfd_open(2) */

        RuntimeCall call = RUNTIME_CALL_INIT;
        char *const argv[] = { (char *) "/nonexistent/runtime", NULL };
        Loop loop;

        assert_int_equal(loop_open(&loop), 0);
        assert_int_equal(runtime_call(&call, &loop, argv, -1, 1000, ended, NULL), -ENOENT);
        assert_false(runtime_call_is_running(&call));
        loop_close(&loop);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_message),
                cmocka_unit_test(test_long_message),
                cmocka_unit_test(test_call),
                cmocka_unit_test(test_missing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
