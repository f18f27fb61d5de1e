/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <sys/wait.h>

#include "clock.h"
#include "process.h"
#include "stop.h"
#include "test.h"

static void test_status(void **state) {
        static const char status[] = "Name:\tinit\n"
                                     "SigPnd:\t0000000000000000\n"
                                     "SigBlk:\t0000002000000000\n"  /* 38: SIGRTMIN+4 */
                                     "SigIgn:\t0000000000001000\n"  /* 13 */
                                     "SigCgt:\t8000000000004001\n"; /* 1, 15, 64 */

        assert_true(stop_status_listens(status, 38));
        assert_true(stop_status_listens(status, 15));
        assert_true(stop_status_listens(status, 1));
        assert_true(stop_status_listens(status, 64));
        assert_false(stop_status_listens(status, 13));
        assert_false(stop_status_listens(status, 2));
        assert_false(stop_status_listens(status, 0));
        assert_false(stop_status_listens(status, 65));
        assert_false(stop_status_listens("SigCgt:\tffffffffffffffff\n", 15)); /* a name could be that */
        assert_false(stop_status_listens("", 15));
}

static void expired(void *userdata) {
        loop_end(userdata);
}

/* A child that catches the signal ends by it; the deadline of one that blocks
 * everything and never looks comes. */
static void test_deadline(void **state) {
        if (test_on_valgrind())
                skip(); /* it knows no pidfd_open(2) */

        _cleanup_fd_ int pidfd = -EBADF;
        Stop stop = STOP_INIT;
        int status, sig;
        Loop loop;
        pid_t pid;

        assert_int_equal(loop_open(&loop), 0);
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        pid = fork();
        if (pid == 0)
                for (;;)
                        pause();
        pidfd = process_pidfd(pid);
        assert_true(pidfd >= 0);
        assert_int_equal(stop_begin(&stop, &loop, pid, pidfd, SIGTERM, 50000, 0, expired, &loop), 0);
        assert_int_equal(loop_run(&loop), 0);
        stop_end(&stop);
        assert_int_equal(process_signal(pidfd, SIGKILL), 0);
        assert_int_equal(process_wait(pidfd, &status, &sig), 0);
        assert_int_equal(sig, SIGKILL);
        loop_close(&loop);
}

/* Time that is asked for makes the deadline later, never sooner, and no later than was allowed. */
static void test_extension(void **state) {
        if (test_on_valgrind())
                skip();

        static const struct {
                uint64_t timeout, extend_max, asked, from, to; /* milliseconds */
        } cases[] = {
                { 30, 1000, 120, 110, 900 },
                { 120, 1000, 10, 110, 900 },
                { 30, 60, UINT64_MAX / 1000, 80, 900 },
                { 30, 0, 60000, 20, 900 },
        };
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_fd_ int pidfd = -EBADF;
                Stop stop = STOP_INIT;
                int status, sig;
                Loop loop;
                pid_t pid;

                assert_int_equal(loop_open(&loop), 0);
                pid = fork();
                if (pid == 0) {
                        sigset_t all;

                        sigfillset(&all);
                        sigprocmask(SIG_SETMASK, &all, NULL);
                        for (;;)
                                pause();
                }
                pidfd = process_pidfd(pid);
                assert_true(pidfd >= 0);
                uint64_t begun = now_usec(CLOCK_MONOTONIC);
                assert_int_equal(stop_begin(&stop, &loop, pid, pidfd, SIGURG, cases[i].timeout * 1000, cases[i].extend_max * 1000,
                                            expired, &loop), 0);
                stop_extend(&stop, cases[i].asked * 1000);
                assert_int_equal(loop_run(&loop), 0);
                uint64_t took = (now_usec(CLOCK_MONOTONIC) - begun) / 1000;
                if (took < cases[i].from || took > cases[i].to)
                        fail_msg("case %zu took %llu ms", i, (unsigned long long) took);
                stop_end(&stop);
                stop_extend(&stop, 1000); /* of none */
                assert_null(stop.deadline.source.loop);
                assert_int_equal(process_signal(pidfd, SIGKILL), 0);
                assert_int_equal(process_wait(pidfd, &status, &sig), 0);
                loop_close(&loop);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_status),
                cmocka_unit_test(test_deadline),
                cmocka_unit_test(test_extension),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
