/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/socket.h>

#include "lines.h"
#include "socket.h"
#include "strv.h"
#include "test.h"
#include "utf8.h"

typedef struct Reader {
        sd_event *event;
        LineReader *reader;
        int fd; /* our end */
        char **lines;
        unsigned ends;
} Reader;

static void on_line(const char *line, void *userdata) {
        Reader *r = userdata;

        assert_int_equal(r->ends, 0);
        if (line)
                assert_ok(strv_extend(&r->lines, line));
        else
                r->ends++;
}

static void reader_init(Reader *r) {
        int p[2];

        *r = (Reader){};
        assert_ok(sd_event_new(&r->event));
        assert_ok(pipe2(p, O_CLOEXEC));
        r->fd = p[1];
        assert_ok(line_reader_new(r->event, p[0], on_line, r, &r->reader));
}

static void reader_clear(Reader *r) {
        line_reader_free(r->reader);
        fd_close(r->fd);
        strv_free(r->lines);
        sd_event_unref(r->event);
}
#define _cleanup_reader_ _cleanup_(reader_clear)

/* Until there is nothing to be done. */
static void turn(Reader *r) {
        while (sd_event_run(r->event, 0) > 0)
                ;
}

static void put(Reader *r, const char *text) {
        assert_ok(fd_write_all(r->fd, text, strlen(text)));
        turn(r);
}

static void lines_come_as_they_are_complete(void **state) {
        _cleanup_reader_ Reader r;

        reader_init(&r);
        put(&r, "one\ntw");
        assert_true(strv_equal(r.lines, STRINGS("one")));
        put(&r, "o\n");
        assert_true(strv_equal(r.lines, STRINGS("one", "two")));
        assert_int_equal(r.ends, 0);
}

static void last_line_needs_no_end(void **state) {
        _cleanup_reader_ Reader r;

        reader_init(&r);
        put(&r, "one\ntwo");
        r.fd = fd_close(r.fd);
        turn(&r);
        assert_true(strv_equal(r.lines, STRINGS("one", "two")));
        assert_int_equal(r.ends, 1);
        /* and is told once */
        turn(&r);
        line_reader_drain(r.reader);
        assert_int_equal(r.ends, 1);
}

static void empty_stream_has_only_its_end(void **state) {
        _cleanup_reader_ Reader r;

        reader_init(&r);
        r.fd = fd_close(r.fd);
        turn(&r);
        assert_int_equal(strv_length(r.lines), 0);
        assert_int_equal(r.ends, 1);
}

static void carriage_return_ends_a_line_too(void **state) {
        _cleanup_reader_ Reader r;

        reader_init(&r);
        put(&r, "10%\r20%\rdone\n");
        assert_true(strv_equal(r.lines, STRINGS("10%", "20%", "done")));
}

static void long_line_is_cut_and_the_next_is_whole(void **state) {
        _cleanup_reader_ Reader r;
        char text[10000];

        memset(text, 'x', sizeof(text));
        text[sizeof(text) - 1] = 0;
        reader_init(&r);
        put(&r, text);
        put(&r, text);
        put(&r, "\nnext\n");
        assert_int_equal(strv_length(r.lines), 2);
        assert_int_equal(strlen(r.lines[0]), LINE_READER_MAX);
        assert_string_equal(r.lines[1], "next");
}

static void lines_are_printable(void **state) {
        _cleanup_reader_ Reader r;
        char text[LINE_READER_MAX + 2];

        reader_init(&r);
        put(&r, "\x1b[2Jred\x07\nta\tb\ncaf\xc3\xa9\ncaf\xe9\n");
        assert_string_equal(r.lines[0], "?[2Jred?");
        assert_string_equal(r.lines[2], "caf\xc3\xa9");
        /* a character that is cut in two is none */
        memset(text, 'x', sizeof(text));
        memcpy(text + LINE_READER_MAX - 1, "\xc3\xa9", 3);
        put(&r, text);
        put(&r, "\n");
        STRV_FOREACH(l, r.lines)
                assert_true(utf8_is_printable(*l));
        assert_int_equal(strv_length(r.lines), 5);
}

static void nul_bytes_do_not_end_the_line(void **state) {
        _cleanup_reader_ Reader r;

        reader_init(&r);
        assert_ok(fd_write_all(r.fd, "a\0b\n", 4));
        turn(&r);
        assert_true(strv_equal(r.lines, STRINGS("a?b")));
}

static void drain_reads_without_the_loop(void **state) {
        _cleanup_reader_ Reader r;

        reader_init(&r);
        assert_ok(fd_write_all(r.fd, "one\ntwo", 7));
        line_reader_drain(r.reader);
        assert_true(strv_equal(r.lines, STRINGS("one")));
        line_reader_drain(NULL);
}

static void freeing_closes_the_descriptor(void **state) {
        size_t before = test_count_fds();
        Reader r;

        reader_init(&r);
        put(&r, "half a line");
        reader_clear(&r);
        assert_int_equal(test_count_fds(), before);
        assert_null(line_reader_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(lines_come_as_they_are_complete),
                T(last_line_needs_no_end),
                T(empty_stream_has_only_its_end),
                T(carriage_return_ends_a_line_too),
                T(long_line_is_cut_and_the_next_is_whole),
                T(lines_are_printable),
                T(nul_bytes_do_not_end_the_line),
                T(drain_reads_without_the_loop),
                T(freeing_closes_the_descriptor),
        };

        return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
