/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <sys/wait.h>

#include "process.h"
#include "strv.h"
#include "test.h"

#define SH(script) STRINGS("sh", "-c", script)

/* What a program writes to descriptor 1, and its end. */
static char *run(char *const *argv, char *const *env, const int *fds, size_t n_fds, int *ret_status, int *ret_signal) {
        _cleanup_fd_ int pidfd = -EBADF, out = -EBADF;
        char *text = NULL;
        int p[2];

        test_needs(SYS_pidfd_open);
        assert_ok(pipe2(p, O_CLOEXEC));
        out = p[0];
        ProcessSpawn spawn = {
                .path = "/bin/sh", .argv = argv, .env = env, .stdio = { -1, p[1], 2 }, .fds = fds, .n_fds = n_fds,
        };
        assert_ok(process_spawn(&spawn, NULL, &pidfd));
        fd_close(p[1]);
        assert_ok(fd_read_all(out, 1 << 20, &text, NULL));
        assert_ok(process_wait(pidfd, ret_status, ret_signal));
        return text;
}

static void missing_program_is_enoent(void **state) {
        if (test_on_valgrind())
                skip();
        ProcessSpawn spawn = { .path = "/nonexistent/program", .argv = STRINGS("x"), .stdio = { -1, -1, -1 } };
        size_t before = test_count_fds();
        int pidfd = 77;
        pid_t pid = 77;

        assert_int_equal(process_spawn(&spawn, &pid, &pidfd), -ENOENT);
        assert_int_equal(pid, 77);
        assert_int_equal(pidfd, 77);
        assert_int_equal(test_count_fds(), before);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
}

static void file_that_is_no_program_is_refused(void **state) {
        if (test_on_valgrind())
                skip();
        ProcessSpawn spawn = { .path = "/etc/passwd", .argv = STRINGS("x"), .stdio = { -1, -1, -1 } };

        assert_int_equal(process_spawn(&spawn, NULL, NULL), -EACCES);
}

static void there_is_no_search_along_path(void **state) {
        if (test_on_valgrind())
                skip();
        ProcessSpawn spawn = { .path = "true", .argv = STRINGS("x"), .stdio = { -1, -1, -1 } };

        assert_int_equal(process_spawn(&spawn, NULL, NULL), -ENOENT);
}

static void too_many_descriptors_are_refused(void **state) {
        int fds[17] = {};
        ProcessSpawn spawn = { .path = "/bin/true", .argv = SH("true"), .fds = fds, .n_fds = ELEMENTSOF(fds) };

        assert_int_equal(process_spawn(&spawn, NULL, NULL), -E2BIG);
}

static void exit_status_comes_back(void **state) {
        int status, sig;

        free(run(SH("exit 0"), NULL, NULL, 0, &status, &sig));
        assert_int_equal(status, 0);
        assert_int_equal(sig, 0);
        free(run(SH("exit 7"), NULL, NULL, 0, &status, &sig));
        assert_int_equal(status, 7);
        assert_int_equal(sig, 0);
        free(run(SH("exit 255"), NULL, NULL, 0, &status, &sig));
        assert_int_equal(status, 255);
}

static void signal_that_killed_comes_back(void **state) {
        int status, sig;

        free(run(SH("kill -KILL $$"), NULL, NULL, 0, &status, &sig));
        assert_int_equal(status, 0);
        assert_int_equal(sig, SIGKILL);
        free(run(SH("ulimit -c 0; kill -SEGV $$"), NULL, NULL, 0, &status, &sig));
        assert_int_equal(sig, SIGSEGV);
}

static void environment_is_the_given_one_alone(void **state) {
        _cleanup_free_ char *text = NULL;
        int status, sig;

        text = run(SH("echo \"$ONE.$TWO.$HOME.$LD_LIBRARY_PATH\""), STRINGS("ONE=1", "TWO=a b"), NULL, 0, &status, &sig);
        assert_string_equal(text, "1.a b..\n");
}

static void environment_is_the_callers_by_default(void **state) {
        _cleanup_free_ char *text = NULL;
        int status, sig;

        assert_ok(setenv("CTRD_TEST", "inherited", 1));
        text = run(SH("echo \"$CTRD_TEST\""), NULL, NULL, 0, &status, &sig);
        assert_ok(unsetenv("CTRD_TEST"));
        assert_string_equal(text, "inherited\n");
}

static void missing_streams_are_dev_null(void **state) {
        _cleanup_free_ char *text = NULL;
        int status, sig;

        text = run(SH("read line; echo \"$? $(readlink /proc/$$/fd/0)\""), NULL, NULL, 0, &status, &sig);
        assert_string_equal(text, "1 /dev/null\n");
}

/* Also where the numbers that they are to have are those that others have now. */
static void descriptors_are_placed_in_order(void **state) {
        int fds[3];
        _cleanup_free_ char *text = NULL;
        int status, sig;

        assert_ok(mkdir("d", 0755));
        for (size_t i = 0; i < 3; i++) {
                char path[16];

                snprintf(path, sizeof(path), "f%zu", i);
                test_write(path, path);
                fds[2 - i] = open(path, O_RDONLY | O_CLOEXEC);
                assert_ok(fds[2 - i]);
        }
        text = run(SH("cat <&3; cat <&4; cat <&5"), NULL, fds, 3, &status, &sig);
        assert_string_equal(text, "f2f1f0");
        for (size_t i = 0; i < 3; i++)
                fd_close(fds[i]);
}

static void descriptor_may_be_given_twice_or_missing(void **state) {
        _cleanup_free_ char *text = NULL;
        int status, sig;

        test_write("f", "x");
        _cleanup_fd_ int fd = open("f", O_RDONLY | O_CLOEXEC);
        text = run(SH("readlink /proc/$$/fd/3 /proc/$$/fd/4 /proc/$$/fd/5"), NULL, (int[]){ fd, -1, fd }, 3, &status, &sig);

        _cleanup_strv_ char **lines = NULL;
        assert_ok(strv_split(text, "\n", &lines));
        assert_int_equal(strv_length(lines), 3);
        assert_true(endswith(lines[0], "/f"));
        assert_string_equal(lines[1], "/dev/null");
        assert_true(endswith(lines[2], "/f"));
}

static void nothing_else_is_inherited(void **state) {
        _cleanup_fd_ int stray = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        int status, sig;

        if (test_on_valgrind())
                skip();
        text = run(SH("for f in /proc/$$/fd/*; do n=${f##*/}; [ $n -lt 10 ] && [ -e $f ] && printf '%s ' $n; done"), NULL,
                   (int[]){ 0 }, 1, &status, &sig);
        assert_string_equal(text, "0 1 2 3 ");
}

static void signals_are_unblocked_and_at_their_default(void **state) {
        _cleanup_free_ char *text = NULL;
        sigset_t set, old;
        int status, sig;

        sigfillset(&set);
        assert_ok(sigprocmask(SIG_BLOCK, &set, &old));
        sighandler_t term = signal(SIGTERM, SIG_IGN), pipe_handler = signal(SIGPIPE, SIG_IGN);
        text = run(SH("grep -E '^Sig(Blk|Ign)' /proc/self/status"), NULL, NULL, 0, &status, &sig);
        unsigned long long blocked, ignored;
        signal(SIGTERM, term);
        signal(SIGPIPE, pipe_handler);
        assert_ok(sigprocmask(SIG_SETMASK, &old, NULL));
        assert_int_equal(sscanf(text, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
        /* 32 and 33 are the C library's, which changes them for nobody. */
        assert_int_equal(blocked, 0);
        assert_int_equal(ignored & ~(3ULL << 31), 0);
}

static void spawning_leaves_one_descriptor(void **state) {
        test_needs(SYS_pidfd_open);
        ProcessSpawn spawn = { .path = "/bin/sh", .argv = SH("exit 3"), .stdio = { -1, -1, -1 } };
        size_t before = test_count_fds();
        int pidfd, status, sig;
        pid_t pid;

        assert_ok(process_spawn(&spawn, &pid, &pidfd));
        assert_true(pid > 0);
        assert_int_equal(test_count_fds(), before + 1);
        assert_int_equal(fcntl(pidfd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_ok(process_wait(pidfd, &status, &sig));
        assert_int_equal(status, 3);
        fd_close(pidfd);
        assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
}

static void signal_goes_to_the_process_of_the_pidfd(void **state) {
        test_needs(SYS_pidfd_open);
        ProcessSpawn spawn = { .path = "/bin/sh", .argv = SH("read never"), .stdio = { -1, -1, 2 } };
        int p[2], status, sig;
        _cleanup_fd_ int pidfd = -EBADF;

        assert_ok(pipe2(p, O_CLOEXEC));
        spawn.stdio[0] = p[0];
        assert_ok(process_spawn(&spawn, NULL, &pidfd));
        assert_int_equal(process_collect(pidfd, &status, &sig), -EAGAIN);
        assert_ok(process_signal(pidfd, SIGKILL));
        assert_ok(process_wait(pidfd, &status, &sig));
        assert_int_equal(sig, SIGKILL);
        assert_int_equal(process_collect(pidfd, &status, &sig), -ECHILD);
        assert_int_equal(process_signal(pidfd, SIGKILL), -ESRCH);
        assert_int_equal(process_wait(pidfd, &status, &sig), -ECHILD);
        fd_close(p[0]);
        fd_close(p[1]);
}

static void pidfd_of_nobody_is_an_error(void **state) {
        test_needs(SYS_pidfd_open);
        assert_int_equal(process_pidfd(0), -EINVAL);
        assert_int_equal(process_pidfd(INT32_MAX), -ESRCH);
        assert_int_equal(process_signal(-1, SIGTERM), -EBADF);
}

static void forked_child_is_waited_for_by_pid(void **state) {
        pid_t pid = fork();

        if (pid == 0)
                _exit(7);
        assert_int_equal(process_wait_pid(pid), 7);
        assert_int_equal(process_wait_pid(pid), -ECHILD);
        pid = fork();
        if (pid == 0)
                pause();
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(process_wait_pid(pid), -EIO);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(missing_program_is_enoent),
                T(file_that_is_no_program_is_refused),
                T(there_is_no_search_along_path),
                T(too_many_descriptors_are_refused),
                T(exit_status_comes_back),
                T(signal_that_killed_comes_back),
                T(environment_is_the_given_one_alone),
                T(environment_is_the_callers_by_default),
                T(missing_streams_are_dev_null),
                T_DIR(descriptors_are_placed_in_order),
                T_DIR(descriptor_may_be_given_twice_or_missing),
                T(nothing_else_is_inherited),
                T(signals_are_unblocked_and_at_their_default),
                T(spawning_leaves_one_descriptor),
                T(signal_goes_to_the_process_of_the_pidfd),
                T(pidfd_of_nobody_is_an_error),
                cmocka_unit_test(forked_child_is_waited_for_by_pid),
        };

        return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
