/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "capture.h"
#include "clock.h"
#include "test.h"

#define SH(script) STRINGS("/bin/sh", "-c", script)
#define LONG (60 * USEC_PER_SEC)

typedef struct Result {
        sd_event *event;
        unsigned calls;
        char *text;
} Result;

static void on_done(const char *text, void *userdata) {
        Result *r = userdata;

        r->calls++;
        r->text = text ? strdup(text) : NULL;
        sd_event_exit(r->event, 0);
}

static void result_init(Result *r) {
        sigset_t set;

        *r = (Result){};
        test_needs(SYS_pidfd_open);
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        assert_ok(sigprocmask(SIG_BLOCK, &set, NULL));
        assert_ok(sd_event_new(&r->event));
}

static void result_clear(Result *r) {
        free(r->text);
        sd_event_unref(r->event);
}
#define _cleanup_result_ _cleanup_(result_clear)

/* Runs a program to the end of its capture: that is called once, and leaves
 * neither process nor descriptor. */
static void capture(Result *r, char *const *argv, uint64_t timeout) {
        Capture *c = NULL;

        result_init(r);
        size_t before = test_count_fds();
        /* the first child makes the event loop open what it keeps */
        assert_ok(capture_start(r->event, argv, timeout, on_done, r, &c));
        assert_non_null(c);
        assert_int_equal(r->calls, 0);
        assert_ok(sd_event_loop(r->event));
        assert_int_equal(r->calls, 1);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
        r->event = sd_event_unref(r->event);
        assert_true(test_count_fds() < before);
}

static void output_comes_back(void **state) {
        _cleanup_result_ Result r;

        capture(&r, SH("echo one; echo two >&2; echo three"), LONG);
        assert_string_equal(r.text, "one\nthree\n");
}

static void complaints(Result *r, char *const *argv, uint64_t timeout) {
        Capture *c = NULL;

        result_init(r);
        assert_ok(capture_complaints(r->event, argv, timeout, on_done, r, &c));
        assert_int_equal(r->calls, 0);
        assert_ok(sd_event_loop(r->event));
        assert_int_equal(r->calls, 1);
}

static void complaints_come_back_from_what_fails(void **state) {
        _cleanup_result_ Result r;

        complaints(&r, SH("echo one; echo two >&2; echo three >&2; exit 3"), LONG);
        assert_string_equal(r.text, "two\nthree\n");
}

static void what_fails_in_silence_has_an_empty_complaint(void **state) {
        _cleanup_result_ Result r;

        complaints(&r, SH("exit 1"), LONG);
        assert_string_equal(r.text, "");
}

static void warnings_of_what_succeeds_are_no_complaint(void **state) {
        _cleanup_result_ Result r;

        complaints(&r, SH("echo warning >&2"), LONG);
        assert_null(r.text);
}

static void what_takes_too_long_is_a_complaint(void **state) {
        _cleanup_result_ Result r;

        complaints(&r, SH("echo so far >&2; sleep 60"), USEC_PER_SEC / 2);
        assert_string_equal(r.text, "so far\n");
}

static void no_output_is_an_empty_text(void **state) {
        _cleanup_result_ Result r;

        capture(&r, SH("exit 0"), LONG);
        assert_string_equal(r.text, "");
}

static void there_is_no_input(void **state) {
        _cleanup_result_ Result r;

        capture(&r, SH("read line; echo $?"), LONG);
        assert_string_equal(r.text, "1\n");
}

static void failing_program_gives_nothing(void **state) {
        static const char *const scripts[] = { "echo x; exit 1", "echo x; kill -KILL $$", "exit 255" };

        for (size_t i = 0; i < ELEMENTSOF(scripts); i++) {
                _cleanup_result_ Result r;

                capture(&r, SH(scripts[i]), LONG);
                assert_null(r.text);
        }
}

/* Output may end long before the program, and the other way round. */
static void both_orders_of_the_end_are_fine(void **state) {
        _cleanup_result_ Result a, b, c;

        capture(&a, SH("echo x; exec >&-; sleep 0.2"), LONG);
        assert_string_equal(a.text, "x\n");
        capture(&b, SH("(sleep 0.2; echo late) & echo early"), LONG);
        assert_string_equal(b.text, "early\nlate\n");
        capture(&c, SH("echo x; exec >&-; sleep 0.2; exit 3"), LONG);
        assert_null(c.text);
}

static void timeout_kills(void **state) {
        _cleanup_result_ Result r;
        uint64_t begin = now_usec(CLOCK_MONOTONIC);

        capture(&r, STRINGS("/bin/sh", "-c", "trap '' TERM; echo x; exec sleep 1000"), 100 * USEC_PER_MSEC);
        assert_null(r.text);
        assert_true(now_usec(CLOCK_MONOTONIC) - begin < 30 * USEC_PER_SEC);
}

static void too_much_output_is_cut_off(void **state) {
        _cleanup_result_ Result a, b;

        capture(&a, SH("exec cat /dev/zero"), LONG);
        assert_null(a.text);
        capture(&b, SH("exec yes"), LONG);
        assert_null(b.text);
}

static void limit_is_exact(void **state) {
        _cleanup_result_ Result a, b;
        char script[64];

        snprintf(script, sizeof(script), "head -c %d /dev/zero | tr '\\0' x", CAPTURE_MAX - 1);
        capture(&a, SH(script), LONG);
        assert_int_equal(strlen(a.text), CAPTURE_MAX - 1);
        snprintf(script, sizeof(script), "head -c %d /dev/zero | tr '\\0' x", CAPTURE_MAX);
        capture(&b, SH(script), LONG);
        assert_null(b.text);
}

static void zero_bytes_are_no_text(void **state) {
        _cleanup_result_ Result r;

        capture(&r, SH("printf 'a\\0b'"), LONG);
        assert_null(r.text);
}

static void missing_program_fails_at_once(void **state) {
        if (test_on_valgrind())
                skip();
        _cleanup_result_ Result r;
        Capture *c = NULL;

        result_init(&r);
        size_t before = test_count_fds();
        assert_int_equal(capture_start(r.event, STRINGS("/nonexistent"), LONG, on_done, &r, &c), -ENOENT);
        assert_null(c);
        assert_int_equal(r.calls, 0);
        assert_int_equal(test_count_fds(), before);
}

static void freed_capture_ends_its_program_in_silence(void **state) {
        _cleanup_result_ Result r;
        Capture *c = NULL;

        result_init(&r);
        assert_ok(capture_start(r.event, SH("sleep 1000"), LONG, on_done, &r, &c));
        assert_null(capture_free(c));
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
        assert_ok(sd_event_run(r.event, 0));
        assert_int_equal(r.calls, 0);
        assert_null(capture_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(output_comes_back),
                T(complaints_come_back_from_what_fails),
                T(what_fails_in_silence_has_an_empty_complaint),
                T(warnings_of_what_succeeds_are_no_complaint),
                T(what_takes_too_long_is_a_complaint),
                T(no_output_is_an_empty_text),
                T(there_is_no_input),
                T(failing_program_gives_nothing),
                T(both_orders_of_the_end_are_fine),
                T(timeout_kills),
                T(too_much_output_is_cut_off),
                T(limit_is_exact),
                T(zero_bytes_are_no_text),
                T(missing_program_fails_at_once),
                T(freed_capture_ends_its_program_in_silence),
        };

        return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
