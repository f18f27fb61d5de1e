/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/socket.h>
#include <sys/wait.h>

#include "notify.h"
#include "socket.h"
#include "test.h"

static NotifyMessage parse(const char *text) {
        NotifyMessage message;

        notify_parse(text, strlen(text), &message);
        return message;
}

static void test_fields(void **state) {
        NotifyMessage m = parse("READY=1\nSTATUS=Up and running.\nMAINPID=7\nX_SYSTEMD_SHUTDOWN=reboot\n");

        assert_true(m.ready);
        assert_false(m.stopping);
        assert_true(m.has_status);
        assert_string_equal(m.status, "Up and running.");
        assert_string_equal(m.shutdown, "reboot");

        m = parse("STOPPING=1");
        assert_true(m.stopping);
        assert_false(m.ready);
        assert_false(m.has_status);

        m = parse("READY=0\nREADY=11\nXREADY=1\nREADY\nSTATUS=");
        assert_false(m.ready);
        assert_true(m.has_status);
        assert_string_equal(m.status, "");

        m = parse("");
        assert_false(m.ready);
        notify_parse("READY=1\0\nSTATUS=x", 17, &m);
        assert_false(m.ready);
}

static void test_progress(void **state) {
        NotifyMessage m = parse("X_SYSTEMD_UNIT_ACTIVE=basic.target\nEXTEND_TIMEOUT_USEC=5000000\nRELOADING=1\n");

        assert_string_equal(m.target, "basic.target");
        assert_int_equal(m.extend, 5000000);
        assert_true(m.reloading);

        static const char *const no_targets[] = {
                "", ".target", "basic.service", "ready", "a b.target", "a/b.target", "\x1b[2J.target", "caf\xc3\xa9.target", "x.target\r",
                "0123456789012345678901234567890123456789012345678901234567.target",
        };
        for (size_t i = 0; i < ELEMENTSOF(no_targets); i++) {
                char text[256];

                snprintf(text, sizeof(text), "X_SYSTEMD_UNIT_ACTIVE=%s", no_targets[i]);
                assert_string_equal(parse(text).target, "");
        }
        static const char *const no_times[] = {
                "", "-1", "+1", " 1", "1s", "0x10", "18446744073709551616", "000000000000000000000000000001", "infinity",
        };
        for (size_t i = 0; i < ELEMENTSOF(no_times); i++) {
                char text[256];

                snprintf(text, sizeof(text), "EXTEND_TIMEOUT_USEC=%s", no_times[i]);
                assert_int_equal(parse(text).extend, 0);
        }
        notify_parse("EXTEND_TIMEOUT_USEC=1\0" "0", 23, &m);
        assert_int_equal(m.extend, 0);
        assert_true(parse("EXTEND_TIMEOUT_USEC=18446744073709551615").extend == UINT64_MAX);
}

static void test_text(void **state) {
        NotifyMessage m;

        m = parse("STATUS=a\tb\x1b[2J\x7f" "c");
        assert_string_equal(m.status, "a b?[2J?c");
        m = parse("STATUS=gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7");
        assert_string_equal(m.status, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7");
        /* overlong, surrogate, past the end, cut short, C1 control */
        m = parse("STATUS=\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xc2\x85|\xe2\x82");
        assert_string_equal(m.status, "?\?|?\?\?|?\?\?\?|?\?|?\?");
}

static void test_bounds(void **state) {
        char text[2000];
        NotifyMessage m;

        memset(text, 'x', sizeof(text));
        memcpy(text, "STATUS=", 7);
        notify_parse(text, sizeof(text), &m);
        assert_int_equal(strlen(m.status), NOTIFY_STATUS_MAX - 1);

        /* never cut inside a character: 255 bytes hold 127 of these */
        for (size_t i = 7; i + 1 < sizeof(text); i += 2)
                memcpy(text + i, "\xc3\xa4", 2);
        notify_parse(text, sizeof(text) - 1, &m);
        assert_int_equal(strlen(m.status), 254);
        assert_int_equal((unsigned char) m.status[253], 0xa4);
}

typedef struct Heard {
        unsigned n;
        NotifyMessage last;
} Heard;

static void heard(void *userdata, const NotifyMessage *message) {
        Heard *h = userdata;

        h->n++;
        h->last = *message;
}

static void say(const char *path, const char *text, const int *fds, size_t n) {
        _cleanup_fd_ int fd = socket_connect(path, SOCK_DGRAM);

        assert_true(fd >= 0);
        assert_int_equal(fd_send(fd, text, strlen(text), fds, n), 0);
}

static void test_socket(void **state) {
        char directory[] = "/tmp/test-notify-XXXXXX", path[64];
        Notify notify = NOTIFY_INIT;
        Heard h = {};
        Loop loop;
        int fds[] = { 0, 1, 2 };

        assert_non_null(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/notify", directory);
        assert_int_equal(loop_open(&loop), 0);
        assert_int_equal(notify_open(&notify, &loop, path, heard, &h), 0);

        say(path, "READY=1", NULL, 0);
        notify_collect(&notify);
        assert_int_equal(h.n, 0); /* nobody is believed yet */

        notify.leader = getpid();
        size_t before = test_count_fds();
        say(path, "READY=1\nSTATUS=here", fds, 3);
        notify_collect(&notify);
        assert_int_equal(h.n, 1);
        assert_true(h.last.ready);
        assert_string_equal(h.last.status, "here");
        assert_int_equal(test_count_fds(), before);

        pid_t pid = fork();
        if (pid == 0) {
                say(path, "STATUS=forged", NULL, 0);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        notify_collect(&notify);
        assert_int_equal(h.n, 1);

        notify_close(&notify);
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(rmdir(directory), 0);
        loop_close(&loop);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fields),
                cmocka_unit_test(test_progress),
                cmocka_unit_test(test_text),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_socket),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
