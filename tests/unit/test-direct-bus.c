/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "direct-bus.h"
#include "fd.h"
#include "socket.h"

#define OK "OK 0123456789abcdef0123456789abcdef\r\n"
#define AGREE "AGREE_UNIX_FD\r\n"

static char path[64];

/* A bus that says what it is told to, whatever it hears. In a process of its own,
 * since the caller waits for it. */
typedef struct Speech {
        const char *greeting; /* with NULs in it where greeting_size says how long it is */
        size_t greeting_size;
        const void *answer;
        size_t size;
        bool with_fd;
        bool in_bytes; /* each by itself */
} Speech;

static void say(int fd, const void *data, size_t n, bool with_fd, bool in_bytes) {
        int null = with_fd ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;

        for (size_t i = 0; i < n; i += in_bytes ? 1 : n)
                (void) fd_send(fd, (const char *) data + i, in_bytes ? 1 : n, &null, with_fd && i == 0 ? 1 : 0);
        fd_close(null);
}

static pid_t begin_bus(const Speech *speech) {
        int listening = socket_listen(path, SOCK_STREAM, 0600);
        pid_t pid;

        assert_true(listening >= 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                char heard[4096];
                size_t n_fds = 0;
                int fd, fds[FD_PASS_MAX];

                (void) fd_set_nonblock(listening, false);
                fd = accept(listening, NULL, NULL);
                if (fd_receive(fd, heard, sizeof(heard), fds, FD_PASS_MAX, &n_fds) <= 0 || n_fds > 0 || heard[0] != 0 ||
                    !startswith(heard + 1, "AUTH EXTERNAL ") || !memmem(heard + 1, 100, "\r\nBEGIN\r\n", 9))
                        _exit(1);
                say(fd, speech->greeting, speech->greeting_size ?: strlen(speech->greeting), false, speech->in_bytes);
                if (speech->size > 0) {
                        /* The call has our descriptor, and is a message. */
                        if (fd_receive(fd, heard, sizeof(heard), fds, FD_PASS_MAX, &n_fds) <= 0 || n_fds != 1 ||
                            dbus_message_size(heard) < 0)
                                _exit(2);
                        say(fd, speech->answer, speech->size, speech->with_fd, speech->in_bytes);
                }
                _exit(0);
        }
        fd_close(listening);
        return pid;
}

static int converse(const Speech *speech, int *ret_fd) {
        static const DBusCall head = {
                .serial = DIRECT_BUS_SERIAL, .destination = "a.b", .path = "/", .interface = "a.b", .member = "C", .n_fds = 1,
        };
        static DirectBus bus;
        pid_t pid = begin_bus(speech);
        DBusWriter message = {};
        int status, r, one = STDIN_FILENO;

        dbus_put_call(&message, &head, NULL);
        r = direct_bus_open(&bus, path);
        if (r < 0)
                r = -EACCES;
        else
                r = direct_bus_call(&bus, &message, &one, 1, ret_fd);
        direct_bus_close(&bus);
        assert_int_equal(bus.fd, -EBADF);
        assert_int_equal(bus.passed, -EBADF);
        dbus_writer_clear(&message);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (speech->size > 0)
                assert_int_equal(status, 0);
        (void) unlink(path);
        return r;
}

/* Little-endian, as the machines are that this is built for; elsewhere the tests of
 * dbus-message hold. */
#define FIELDS_RETURN "\5\1u\0\2\0\0\0\10\1g\0\1h\0\0\11\1u\0\1\0\0\0"
#define RETURN "l\2\1\1\4\0\0\0\11\0\0\0\30\0\0\0" FIELDS_RETURN "\0\0\0\0"
#define HELLO "l\2\1\1\0\0\0\0\1\0\0\0\10\0\0\0\5\1u\0\1\0\0\0"
#define SIGNAL_WITH_FD "l\4\1\1\0\0\0\0\3\0\0\0\10\0\0\0\11\1u\0\1\0\0\0"
#define SIGNAL "l\4\1\1\0\0\0\0\3\0\0\0\15\0\0\0\7\1s\0\4\0\0\0:1.2\0\0\0\0"
#define ERROR_OF(size, name, pad) "l\3\1\1\0\0\0\0\11\0\0\0" size "\0\0\0\5\1u\0\2\0\0\0\4\1s\0" name pad

#define SPEECH(text, ...) (&(Speech){ .greeting = OK AGREE, .answer = text, .size = sizeof(text) - 1, ##__VA_ARGS__ })

static void test_answers(void **state) {
        struct stat st;
        int fd = -1;

        for (int in_bytes = 0; in_bytes < 2; in_bytes++) {
                assert_int_equal(converse(SPEECH(RETURN, .with_fd = true, .in_bytes = in_bytes), &fd), 0);
                assert_int_equal(fstat(fd, &st), 0);
                fd = fd_close(fd);
        }
        assert_int_equal(converse(SPEECH(HELLO RETURN, .with_fd = true), &fd), 0);
        fd_close(fd);
}

/* Nothing was done: may be tried again. */
static void test_errors(void **state) {
        static const char error[] = ERROR_OF("\26", "\5\0\0\0a.b.c\0", "\0\0");
        int fd = -1;

        assert_int_equal(converse(SPEECH(error), &fd), -ENOMSG);
        assert_int_equal(converse(SPEECH(ERROR_OF("\60", "\42\0\0\0org.freedesktop.DBus.Error.NoReply\0", "\0\0\0\0\0\0\0\0")), &fd), -EBADMSG);
        assert_int_equal(converse(SPEECH(ERROR_OF("\63", "\42\0\0\0org.freedesktop.DBus.Error.NoReply\0", "\0\0\0\0\0")), &fd), -ECONNRESET);
        assert_int_equal(fd, -1);
}

/* What the call has done is not known. */
static void test_nonsense(void **state) {
        int fd = -1;

        assert_int_equal(converse(SPEECH(RETURN), &fd), -EBADMSG); /* promised, and not there */
        assert_int_equal(converse(SPEECH("l\2\1\1\0\0\0\0\11\0\0\0\10\0\0\0\5\1u\0\2\0\0\0"), &fd), -EBADMSG);
        assert_int_equal(converse(SPEECH(SIGNAL_WITH_FD RETURN, .with_fd = true), &fd), -EBADMSG);
        assert_int_equal(converse(SPEECH("l\2\1\1\4\0\0\0\11\0\0\0\30\0\0\0" FIELDS_RETURN "\1\0\0\0", .with_fd = true), &fd), -EBADMSG);
        assert_int_equal(converse(SPEECH("nonsense that is long enough for a header"), &fd), -EBADMSG);
        assert_int_equal(converse(SPEECH("l\2\1\1\4\0\0\0\11"), &fd), -ECONNRESET);
        assert_int_equal(converse(SPEECH("l\2\1\1\377\377\377\377\11\0\0\0\377\377\377\377"), &fd), -EBADMSG);
        assert_int_equal(fd, -1);
}

static void test_greeting(void **state) {
        static const char *const refused[] = { "REJECTED EXTERNAL\r\n", OK "ERROR\r\n", "", "OK", OK "AGREE_UNIX" };
        char endless[2048];
        int fd = -1;

        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_int_equal(converse(&(Speech){ .greeting = refused[i] }, &fd), -EACCES);
        memset(endless, 'x', sizeof(endless) - 1);
        endless[sizeof(endless) - 1] = 0;
        assert_int_equal(converse(&(Speech){ .greeting = endless }, &fd), -EACCES);
        assert_int_equal(fd, -1);
}

/* One message after the other, each at its own time. */
static void test_conversation(void **state) {
        const Speech speech = { .greeting = OK AGREE HELLO SIGNAL, .greeting_size = sizeof(OK AGREE HELLO SIGNAL) - 1 };
        static DirectBus bus;
        pid_t pid = begin_bus(&speech);
        DBusMessage m;

        assert_int_equal(direct_bus_connect(&bus, path, 0), 0);
        assert_int_equal(direct_bus_handshake(&bus), 0);
        assert_int_equal(direct_bus_receive(&bus, &m), 0);
        assert_int_equal(m.type, DBUS_METHOD_RETURN);
        assert_int_equal(m.reply_serial, 1);
        assert_int_equal(direct_bus_receive(&bus, &m), 0);
        assert_int_equal(m.type, DBUS_SIGNAL);
        assert_string_equal(m.sender, ":1.2");
        assert_true(direct_bus_receive(&bus, &m) < 0);
        direct_bus_close(&bus);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        (void) unlink(path);
}

static void test_no_bus(void **state) {
        static DirectBus bus;

        assert_true(direct_bus_open(&bus, "/nonexistent/bus") < 0);
        direct_bus_close(&bus);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_answers),  cmocka_unit_test(test_errors), cmocka_unit_test(test_nonsense),
                cmocka_unit_test(test_greeting), cmocka_unit_test(test_conversation), cmocka_unit_test(test_no_bus),
        };

        snprintf(path, sizeof(path), "/tmp/test-direct-bus.%d", (int) getpid());
        return cmocka_run_group_tests(tests, NULL, NULL);
}
