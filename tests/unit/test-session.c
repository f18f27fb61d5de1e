/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/socket.h>

#include "fd.h"
#include "session.h"
#include "socket.h"

static void check(const char *data, SessionEvent event, int number, const char *text, int status) {
        SessionMessage m;

        assert_int_equal(session_parse(data, strlen(data), &m), 0);
        assert_int_equal(m.event, event);
        assert_int_equal(m.number, number);
        assert_string_equal(m.text, text);
        assert_int_equal(session_exit_status(&m), status);
}

static void test_parse(void **state) {
        check("terminal", SESSION_TERMINAL, 0, "", 125);
        check("started 12", SESSION_STARTED, 12, "", 125);
        check("exit 0", SESSION_EXITED, 0, "", 0);
        check("exit 255", SESSION_EXITED, 255, "", 255);
        check("signal 9", SESSION_SIGNALED, 9, "", 137);
        check("error 2 no such file: x", SESSION_FAILED, ENOENT, "no such file: x", 127);
        check("error 13 denied", SESSION_FAILED, EACCES, "denied", 126);
        check("error 8 format", SESSION_FAILED, ENOEXEC, "format", 126);
        check("error 12 ", SESSION_FAILED, ENOMEM, "", 125);
        check("", SESSION_CLOSED, 0, "", 125);
}

static void test_refuse(void **state) {
        static const char *const bad[] = {
                "exit", "exit ", "exit x", "exit -1", "exit 256", "exit 1 ", "exit 1 2", "signal 128", "error 2", "error x y",
                "error 99999999999999999999 x", "terminal ", "Terminal", "started", "nonsense",
        };
        SessionMessage m;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(session_parse(bad[i], strlen(bad[i]), &m), -EBADMSG);
        assert_int_equal(session_parse("exit 0\0x", 8, &m), -EBADMSG);
}

static void test_receive(void **state) {
        char buffer[SESSION_MESSAGE_MAX];
        SessionMessage m;
        int fds[2], fd = -1;

        assert_int_equal(socket_pair(SOCK_SEQPACKET, fds), 0);
        assert_int_equal(fd_send(fds[1], "terminal", 8, &fds[0], 1), 0);
        assert_int_equal(session_receive(fds[0], buffer, &m, &fd), 0);
        assert_int_equal(m.event, SESSION_TERMINAL);
        assert_true(fd >= 0);
        fd_close(fd);

        /* a terminal without one, and one where none belongs */
        assert_int_equal(fd_send(fds[1], "terminal", 8, NULL, 0), 0);
        assert_int_equal(session_receive(fds[0], buffer, &m, &fd), -EBADMSG);
        assert_int_equal(fd_send(fds[1], "exit 1", 6, &fds[0], 1), 0);
        assert_int_equal(session_receive(fds[0], buffer, &m, &fd), -EBADMSG);

        assert_int_equal(session_send_signal(fds[1], 15), 0);
        fd_close(fds[1]);
        assert_int_equal(session_receive(fds[0], buffer, &m, &fd), 0);
        assert_int_equal(m.event, SESSION_SIGNALED);
        assert_int_equal(m.number, 15);
        assert_int_equal(session_receive(fds[0], buffer, &m, &fd), 0);
        assert_int_equal(m.event, SESSION_CLOSED);
        assert_int_equal(fd, -1);
        fd_close(fds[0]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse),
                cmocka_unit_test(test_refuse),
                cmocka_unit_test(test_receive),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
