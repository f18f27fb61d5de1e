/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <sys/socket.h>

#include "socket.h"
#include "test.h"

/* A path below the working directory that is longer than sun_path, whose last
 * component is NAME. */
static char *long_path(void **state, const char *name) {
        char directory[151], *path;

        memset(directory, 'd', sizeof(directory) - 1);
        directory[sizeof(directory) - 1] = 0;
        (void) mkdir(directory, 0755);
        assert_true(asprintf(&path, "%s/%s/%s", (char *) *state, directory, name) > 107);
        return path;
}

static void exchange(const char *path, int type) {
        _cleanup_fd_ int server = socket_listen(path, type, 0600), client = -EBADF, accepted = -EBADF;
        char data[8];

        assert_ok(server);
        client = socket_connect(path, type);
        assert_ok(client);
        assert_ok(fd_send(client, "hello", 5, NULL, 0));
        if (type != SOCK_DGRAM) {
                accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
                assert_ok(accepted);
        }
        assert_int_equal(fd_receive(type == SOCK_DGRAM ? server : accepted, data, sizeof(data), NULL, 0, NULL), 5);
}

static void every_type_of_socket_connects(void **state) {
        exchange("seqpacket", SOCK_SEQPACKET);
        exchange("stream", SOCK_STREAM);
        exchange("datagram", SOCK_DGRAM);
}

static void longest_ordinary_path_connects(void **state) {
        for (size_t n = 106; n <= 109; n++) {
                char path[128];

                /* "./././…x": the file is always x, the path is not */
                memset(path, 0, sizeof(path));
                while (strlen(path) + 2 < n)
                        strcat(path, "./");
                while (strlen(path) < n)
                        strcat(path, "x");
                assert_int_equal(strlen(path), n);
                exchange(path, SOCK_STREAM);
        }
}

static void long_path_connects(void **state) {
        _cleanup_free_ char *path = long_path(state, "control");
        size_t before = test_count_fds();
        struct stat st;

        exchange(path, SOCK_SEQPACKET);
        assert_int_equal(test_count_fds(), before);
        assert_ok(lstat(path, &st));
        assert_true(S_ISSOCK(st.st_mode));
}

static void long_path_without_a_directory_is_an_error(void **state) {
        char path[200];

        memset(path, 'p', sizeof(path) - 1);
        path[sizeof(path) - 1] = 0;
        assert_int_equal(socket_listen(path, SOCK_STREAM, 0600), -ENAMETOOLONG);
        assert_int_equal(socket_connect(path, SOCK_STREAM), -ENAMETOOLONG);

        _cleanup_free_ char *name = long_path(state, path);
        assert_int_equal(socket_listen(name, SOCK_STREAM, 0600), -ENAMETOOLONG);

        memset(path, '/', 1);
        memset(path + 150, '/', 1);
        assert_int_equal(socket_connect(path, SOCK_STREAM), -ENOENT);
}

static void path_past_path_max_is_refused(void **state) {
        _cleanup_free_ char *path = malloc(PATH_MAX + 300);

        memset(path, 'p', PATH_MAX + 299);
        for (size_t i = 0; i < PATH_MAX + 299; i += 100)
                path[i] = '/';
        path[PATH_MAX + 299] = 0;
        assert_int_equal(socket_listen(path, SOCK_STREAM, 0600), -ENAMETOOLONG);
        assert_int_equal(socket_connect(path, SOCK_STREAM), -ENAMETOOLONG);
}

static void mode_is_exact_and_the_umask_is_kept(void **state) {
        static const mode_t modes[] = { 0600, 0666, 0000, 0640 };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                mode_t old = umask(0027);
                _cleanup_fd_ int fd = socket_listen("s", SOCK_STREAM, modes[i]);
                mode_t kept = umask(old);
                struct stat st;

                assert_ok(fd);
                assert_int_equal(kept, 0027);
                assert_ok(stat("s", &st));
                assert_int_equal(st.st_mode & 07777, modes[i]);
        }
}

static void listening_replaces_what_is_left_of_before(void **state) {
        _cleanup_fd_ int first = socket_listen("s", SOCK_STREAM, 0600), second = -EBADF;

        assert_ok(first);
        second = socket_listen("s", SOCK_STREAM, 0600);
        assert_ok(second);
        _cleanup_fd_ int client = socket_connect("s", SOCK_STREAM);
        assert_ok(client);
        assert_int_equal(accept4(first, NULL, NULL, 0), -1);
        _cleanup_fd_ int accepted = accept4(second, NULL, NULL, SOCK_CLOEXEC);
        assert_ok(accepted);
}

static void listening_replaces_no_directory(void **state) {
        assert_ok(mkdir("s", 0755));
        assert_true(socket_listen("s", SOCK_STREAM, 0600) < 0);
        assert_true(test_exists("s"));
}

static void flags_are_as_promised(void **state) {
        _cleanup_fd_ int server = socket_listen("s", SOCK_STREAM, 0600), client = socket_connect("s", SOCK_STREAM);
        int pair[2];

        assert_int_equal(fcntl(server, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_int_equal(fcntl(server, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
        assert_int_equal(fcntl(client, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_int_equal(fcntl(client, F_GETFL) & O_NONBLOCK, 0);
        assert_ok(socket_pair(SOCK_STREAM, pair));
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(fcntl(pair[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
                fd_close(pair[i]);
        }
}

static void connecting_to_nobody_tells_why(void **state) {
        size_t before = test_count_fds();

        assert_int_equal(socket_connect("none", SOCK_STREAM), -ENOENT);
        fd_close(socket_listen("dead", SOCK_STREAM, 0600));
        assert_int_equal(socket_connect("dead", SOCK_STREAM), -ECONNREFUSED);
        _cleanup_fd_ int fd = socket_listen("s", SOCK_SEQPACKET, 0600);
        assert_int_equal(socket_connect("s", SOCK_STREAM), -EPROTOTYPE);
        assert_int_equal(test_count_fds(), before + 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T_DIR(every_type_of_socket_connects),
                T_DIR(longest_ordinary_path_connects),
                T_DIR(long_path_connects),
                T_DIR(long_path_without_a_directory_is_an_error),
                T_DIR(path_past_path_max_is_refused),
                T_DIR(mode_is_exact_and_the_umask_is_kept),
                T_DIR(listening_replaces_what_is_left_of_before),
                T_DIR(listening_replaces_no_directory),
                T_DIR(flags_are_as_promised),
                T_DIR(connecting_to_nobody_tells_why),
        };

        return cmocka_run_group_tests_name("socket", tests, NULL, NULL);
}
