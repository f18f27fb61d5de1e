/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "socket.h"
#include "test.h"

typedef struct Pair {
        int fd[2];
} Pair;

static void pair_close(Pair *p) {
        fd_close(p->fd[0]);
        fd_close(p->fd[1]);
}
#define _cleanup_pair_ _cleanup_(pair_close)

static Pair pair_new(int type) {
        Pair p;

        assert_ok(socket_pair(type, p.fd));
        return p;
}

static Pair pipe_new(void) {
        Pair p;

        assert_ok(pipe2(p.fd, O_CLOEXEC));
        return p;
}

static bool same_file(int a, int b) {
        struct stat x, y;

        assert_ok(fstat(a, &x));
        assert_ok(fstat(b, &y));
        return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void close_keeps_errno(void **state) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        errno = EXDEV;
        assert_int_equal(fd_close(fd), -EBADF);
        assert_int_equal(errno, EXDEV);
        assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void close_of_no_descriptor_does_nothing(void **state) {
        size_t before = test_count_fds();

        assert_int_equal(fd_close(-EBADF), -EBADF);
        assert_int_equal(fd_close(-1), -EBADF);
        assert_int_equal(test_count_fds(), before);
}

static void take_leaves_nothing_behind(void **state) {
        int fd = 7;

        assert_int_equal(TAKE_FD(fd), 7);
        assert_int_equal(fd, -EBADF);
}

static void write_all_goes_on_after_short_writes(void **state) {
        const size_t size = 3 * 1024 * 1024 + 1;
        _cleanup_free_ char *data = malloc(size), *back = NULL;
        Pair p = pipe_new();
        size_t n;
        int status;

        for (size_t i = 0; i < size; i++)
                data[i] = (char) (i * 31);
        pid_t pid = fork();
        assert_ok(pid);
        if (pid == 0)
                _exit(fd_write_all(p.fd[1], data, size) < 0);
        p.fd[1] = fd_close(p.fd[1]);
        assert_ok(fd_read_all(p.fd[0], size, &back, &n));
        assert_int_equal(n, size);
        assert_memory_equal(back, data, size);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        pair_close(&p);
}

static void write_all_tells_of_a_full_pipe(void **state) {
        _cleanup_pair_ Pair p = pipe_new();
        static char data[2 * 1024 * 1024];

        assert_ok(fd_set_nonblock(p.fd[1], true));
        assert_int_equal(fd_write_all(p.fd[1], data, sizeof(data)), -EAGAIN);
}

static void write_all_of_nothing_is_fine(void **state) {
        assert_int_equal(fd_write_all(-1, NULL, 0), 0);
}

static void read_all_of_an_empty_file_is_an_empty_string(void **state) {
        _cleanup_fd_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *data = NULL;
        size_t n = 1;

        assert_ok(fd_read_all(fd, 0, &data, &n));
        assert_int_equal(n, 0);
        assert_string_equal(data, "");
}

static void read_all_has_an_exact_limit(void **state) {
        for (size_t size = 4094; size <= 4098; size++) {
                _cleanup_pair_ Pair p = pipe_new();
                _cleanup_free_ char *data = NULL;
                char text[4098];
                size_t n;

                memset(text, 'x', sizeof(text));
                assert_ok(fd_write_all(p.fd[1], text, size));
                p.fd[1] = fd_close(p.fd[1]);
                assert_ok(fd_read_all(p.fd[0], size, &data, &n));
                assert_int_equal(n, size);
                assert_int_equal(data[n], 0);
        }
}

static void read_all_refuses_one_byte_too_many(void **state) {
        _cleanup_pair_ Pair p = pipe_new();
        char *data = (char *) "untouched";
        size_t n = 42;

        assert_ok(fd_write_all(p.fd[1], "12345", 5));
        p.fd[1] = fd_close(p.fd[1]);
        assert_int_equal(fd_read_all(p.fd[0], 4, &data, &n), -E2BIG);
        assert_string_equal(data, "untouched");
        assert_int_equal(n, 42);
}

static void read_all_counts_nul_bytes(void **state) {
        _cleanup_pair_ Pair p = pipe_new();
        _cleanup_free_ char *data = NULL;
        size_t n;

        assert_ok(fd_write_all(p.fd[1], "a\0b", 3));
        p.fd[1] = fd_close(p.fd[1]);
        assert_ok(fd_read_all(p.fd[0], 10, &data, &n));
        assert_int_equal(n, 3);
        assert_memory_equal(data, "a\0b", 4);
}

static void read_all_tells_of_a_directory(void **state) {
        _cleanup_fd_ int fd = open("/", O_RDONLY | O_CLOEXEC);
        char *data = NULL;

        assert_int_equal(fd_read_all(fd, 100, &data, NULL), -EISDIR);
        assert_null(data);
}

static void flags_change_alone(void **state) {
        _cleanup_pair_ Pair p = pair_new(SOCK_STREAM);

        assert_ok(fcntl(p.fd[0], F_SETFL, O_APPEND));
        assert_ok(fd_set_nonblock(p.fd[0], true));
        assert_int_equal(fcntl(p.fd[0], F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND | O_NONBLOCK);
        assert_ok(fd_set_nonblock(p.fd[0], false));
        assert_int_equal(fcntl(p.fd[0], F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND);

        assert_ok(fd_set_cloexec(p.fd[0], false));
        assert_int_equal(fcntl(p.fd[0], F_GETFD) & FD_CLOEXEC, 0);
        assert_ok(fd_set_cloexec(p.fd[0], true));
        assert_int_equal(fcntl(p.fd[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_int_equal(fd_set_nonblock(-1, true), -EBADF);
        assert_int_equal(fd_set_cloexec(-1, true), -EBADF);
}

static void message_without_descriptors_arrives(void **state) {
        _cleanup_pair_ Pair p = pair_new(SOCK_SEQPACKET);
        size_t n_fds = 9;
        char data[16];

        assert_ok(fd_send(p.fd[0], "hello", 5, NULL, 0));
        assert_int_equal(fd_receive(p.fd[1], data, sizeof(data), NULL, 0, &n_fds), 5);
        assert_memory_equal(data, "hello", 5);
        assert_int_equal(n_fds, 0);
}

static void all_descriptors_arrive_in_order_and_close_on_exec(void **state) {
        _cleanup_pair_ Pair p = pair_new(SOCK_SEQPACKET);
        Pair pipes[FD_PASS_MAX / 2];
        int sent[FD_PASS_MAX], got[FD_PASS_MAX];
        size_t n_fds, before = test_count_fds();
        char data[16];

        for (size_t i = 0; i < ELEMENTSOF(pipes); i++) {
                pipes[i] = pipe_new();
                sent[2 * i] = pipes[i].fd[0];
                sent[2 * i + 1] = pipes[i].fd[1];
        }
        assert_ok(fd_send(p.fd[0], "x", 1, sent, FD_PASS_MAX));
        assert_int_equal(fd_receive(p.fd[1], data, sizeof(data), got, FD_PASS_MAX, &n_fds), 1);
        assert_int_equal(n_fds, FD_PASS_MAX);
        for (size_t i = 0; i < FD_PASS_MAX; i++) {
                assert_int_not_equal(got[i], sent[i]);
                assert_true(same_file(got[i], sent[i]));
                assert_int_equal(fcntl(got[i], F_GETFL), fcntl(sent[i], F_GETFL));
                assert_int_equal(fcntl(got[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
                fd_close(got[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(pipes); i++)
                pair_close(&pipes[i]);
        assert_int_equal(test_count_fds(), before);
}

static void more_descriptors_than_pass_are_not_sent(void **state) {
        _cleanup_pair_ Pair p = pair_new(SOCK_SEQPACKET);
        int fds[FD_PASS_MAX + 1] = {};
        char data[1];

        assert_int_equal(fd_send(p.fd[0], "x", 1, fds, FD_PASS_MAX + 1), -E2BIG);
        assert_ok(fd_set_nonblock(p.fd[1], true));
        assert_int_equal(fd_receive(p.fd[1], data, sizeof(data), NULL, 0, NULL), -EAGAIN);
}

static void truncated_message_is_bad_and_its_descriptors_are_closed(void **state) {
        _cleanup_pair_ Pair p = pair_new(SOCK_SEQPACKET);
        int sent[] = { 0, 0 }, got[2] = { 77, 77 };
        size_t n_fds = 5, before = test_count_fds();
        char data[4];

        assert_ok(fd_send(p.fd[0], "hello", 5, sent, 2));
        assert_int_equal(fd_receive(p.fd[1], data, sizeof(data), got, 2, &n_fds), -EBADMSG);
        assert_int_equal(test_count_fds(), before);
        assert_int_equal(got[0], 77);
        assert_int_equal(n_fds, 5);
}

static void message_of_exactly_the_size_is_fine(void **state) {
        _cleanup_pair_ Pair p = pair_new(SOCK_DGRAM);
        char data[5];

        assert_ok(fd_send(p.fd[0], "hello", 5, NULL, 0));
        assert_int_equal(fd_receive(p.fd[1], data, sizeof(data), NULL, 0, NULL), 5);
}

static void unexpected_descriptors_are_closed(void **state) {
        for (size_t wanted = 0; wanted < 3; wanted++) {
                _cleanup_pair_ Pair p = pair_new(SOCK_SEQPACKET);
                int sent[] = { 0, 0, 0 }, got[3];
                size_t before = test_count_fds();
                char data[8];

                assert_ok(fd_send(p.fd[0], "x", 1, sent, 3));
                assert_int_equal(fd_receive(p.fd[1], data, sizeof(data), got, wanted, NULL), -EBADMSG);
                assert_int_equal(test_count_fds(), before);
        }
}

/* What fd_send() would not send, a stranger may. */
static void more_descriptors_than_fit_are_closed(void **state) {
        for (size_t n = FD_PASS_MAX + 1; n <= 253; n += n < 20 ? 1 : 40) {
                _cleanup_pair_ Pair p = pair_new(SOCK_SEQPACKET);
                union {
                        struct cmsghdr header;
                        char space[CMSG_SPACE(sizeof(int) * 253)];
                } control = {};
                struct iovec iov = { (void *) "x", 1 };
                struct msghdr msg = {
                        .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = &control,
                        .msg_controllen = CMSG_SPACE(sizeof(int) * n),
                };
                struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
                size_t before = test_count_fds();
                int got[FD_PASS_MAX];
                char data[8];

                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * n);
                assert_int_equal(sendmsg(p.fd[0], &msg, 0), 1);
                assert_int_equal(fd_receive(p.fd[1], data, sizeof(data), got, FD_PASS_MAX, NULL), -EBADMSG);
                assert_int_equal(test_count_fds(), before);
        }
}

static void nothing_to_receive_is_eagain(void **state) {
        _cleanup_pair_ Pair p = pair_new(SOCK_SEQPACKET);
        char data[8];

        assert_ok(fd_set_nonblock(p.fd[0], true));
        assert_int_equal(fd_receive(p.fd[0], data, sizeof(data), NULL, 0, NULL), -EAGAIN);
}

static void end_of_stream_is_zero(void **state) {
        _cleanup_pair_ Pair p = pair_new(SOCK_SEQPACKET);
        size_t n_fds = 3;
        char data[8];

        p.fd[1] = fd_close(p.fd[1]);
        assert_int_equal(fd_receive(p.fd[0], data, sizeof(data), NULL, 0, &n_fds), 0);
        assert_int_equal(n_fds, 0);
}

static void sending_to_nobody_raises_no_signal(void **state) {
        _cleanup_pair_ Pair p = pair_new(SOCK_SEQPACKET);

        p.fd[1] = fd_close(p.fd[1]);
        signal(SIGPIPE, SIG_DFL);
        assert_int_equal(fd_send(p.fd[0], "x", 1, NULL, 0), -EPIPE);
}

static void path_names_the_descriptor(void **state) {
        _cleanup_fd_ int fd = open("/", O_PATH | O_CLOEXEC);
        char buffer[FD_PATH_MAX];
        struct stat a, b;

        assert_ok(stat(fd_path(fd, buffer), &a));
        assert_ok(stat("/", &b));
        assert_int_equal(a.st_ino, b.st_ino);
        assert_string_equal(fd_path(INT32_MAX, buffer), "/proc/self/fd/2147483647");
}

static void streams_are_told_from_all_else(void **state) {
        _cleanup_pair_ Pair pipe = pipe_new(), stream = pair_new(SOCK_STREAM), packets = pair_new(SOCK_SEQPACKET);
        _cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC), file = fd_empty(), path = -EBADF;
        char name[FD_PATH_MAX];

        path = open(fd_path(pipe.fd[0], name), O_PATH | O_CLOEXEC);
        for (size_t i = 0; i < 2; i++) {
                assert_true(fd_is_stream(pipe.fd[i]));
                assert_true(fd_is_stream(stream.fd[i]));
                assert_false(fd_is_stream(packets.fd[i]));
        }
        assert_false(fd_is_stream(null));
        assert_false(fd_is_stream(file));
        assert_true(path >= 0);
        assert_false(fd_is_stream(path));
        assert_false(fd_is_stream(-EBADF));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(close_keeps_errno),
                T(close_of_no_descriptor_does_nothing),
                T(take_leaves_nothing_behind),
                T(write_all_goes_on_after_short_writes),
                T(write_all_tells_of_a_full_pipe),
                T(write_all_of_nothing_is_fine),
                T(read_all_of_an_empty_file_is_an_empty_string),
                T(read_all_has_an_exact_limit),
                T(read_all_refuses_one_byte_too_many),
                T(read_all_counts_nul_bytes),
                T(read_all_tells_of_a_directory),
                T(flags_change_alone),
                T(message_without_descriptors_arrives),
                T(all_descriptors_arrive_in_order_and_close_on_exec),
                T(more_descriptors_than_pass_are_not_sent),
                T(truncated_message_is_bad_and_its_descriptors_are_closed),
                T(message_of_exactly_the_size_is_fine),
                T(unexpected_descriptors_are_closed),
                T(more_descriptors_than_fit_are_closed),
                T(nothing_to_receive_is_eagain),
                T(end_of_stream_is_zero),
                T(sending_to_nobody_raises_no_signal),
                T(path_names_the_descriptor),
                T(streams_are_told_from_all_else),
        };

        return cmocka_run_group_tests_name("fd", tests, NULL, NULL);
}
