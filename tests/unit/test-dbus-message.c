/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "dbus-message.h"

/* An answer as a bus would send it: our own call, with another type. */
static void make_answer(DBusWriter *w, DBusType type, uint32_t reply_serial, const char *error_name, const char *signature,
                        uint32_t n_fds, const void *body, size_t n_body) {
        char head[] = { 0, (char) type, 0, 1 };
        DBusArray fields;
        uint8_t code;

        head[0] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B';
        dbus_put_bytes(w, head, sizeof(head));
        dbus_put_u32(w, (uint32_t) n_body);
        dbus_put_u32(w, 77);
        fields = dbus_begin_array(w, 8);
        if (reply_serial > 0) {
                dbus_put_struct(w);
                code = 5;
                dbus_put_bytes(w, &code, 1);
                dbus_put_signature(w, "u");
                dbus_put_u32(w, reply_serial);
        }
        if (error_name) {
                dbus_put_struct(w);
                code = 4;
                dbus_put_bytes(w, &code, 1);
                dbus_put_signature(w, "s");
                dbus_put_string(w, error_name);
        }
        if (signature) {
                dbus_put_struct(w);
                code = 8;
                dbus_put_bytes(w, &code, 1);
                dbus_put_signature(w, "g");
                dbus_put_signature(w, signature);
        }
        if (n_fds > 0) {
                dbus_put_struct(w);
                code = 9;
                dbus_put_bytes(w, &code, 1);
                dbus_put_signature(w, "u");
                dbus_put_u32(w, n_fds);
        }
        dbus_end_array(w, fields);
        dbus_put_struct(w);
        dbus_put_bytes(w, body, n_body);
        assert_false(w->failed);
}

static void test_call(void **state) {
        static char *const argv[] = { (char *) "echo", (char *) "", (char *) "ä", NULL };
        static const DBusCall call = {
                .serial = 2,
                .destination = "org.ctrd1",
                .path = "/org/ctrd1/container/web",
                .interface = "org.ctrd1.Container",
                .member = "Exec",
                .signature = "asa{sv}ah",
                .n_fds = 3,
        };
        DBusWriter body = {}, w = {};
        DBusArray array;
        DBusMessage m;

        dbus_put_strv(&body, argv);
        array = dbus_begin_array(&body, 8);
        dbus_put_struct(&body);
        dbus_put_string(&body, "Terminal");
        dbus_put_signature(&body, "b");
        dbus_put_u32(&body, 1);
        dbus_end_array(&body, array);
        array = dbus_begin_array(&body, 4);
        dbus_end_array(&body, array);

        /* "as": 8 + "echo" and so on, each at a multiple of 4 */
        assert_int_equal(*(uint32_t *) (void *) body.data, 4 + 5 + 3 + 4 + 1 + 3 + 4 + 3);
        dbus_put_call(&w, &call, &body);
        assert_false(w.failed);
        assert_int_equal(dbus_message_size(w.data), w.size);
        assert_int_equal(dbus_message_parse(w.data, w.size, &m), 0);
        assert_int_equal(m.type, DBUS_METHOD_CALL);
        assert_string_equal(m.signature, "asa{sv}ah");
        assert_int_equal(m.n_fds, 3);
        assert_int_equal(m.body_size, body.size);
        assert_memory_equal(m.body, body.data, body.size);
        dbus_writer_clear(&body);
        dbus_writer_clear(&w);
}

static void test_answer(void **state) {
        const uint32_t index = 0;
        DBusWriter w = {};
        DBusMessage m;

        make_answer(&w, DBUS_METHOD_RETURN, 2, NULL, "h", 1, &index, sizeof(index));
        assert_int_equal(dbus_message_parse(w.data, w.size, &m), 0);
        assert_int_equal(m.type, DBUS_METHOD_RETURN);
        assert_int_equal(m.reply_serial, 2);
        assert_int_equal(m.n_fds, 1);
        assert_string_equal(m.signature, "h");
        assert_int_equal(m.body_size, 4);
        dbus_writer_clear(&w);

        make_answer(&w, DBUS_ERROR, 2, "org.ctrd1.Error.NotRunning", NULL, 0, NULL, 0);
        assert_int_equal(dbus_message_parse(w.data, w.size, &m), 0);
        assert_string_equal(m.error_name, "org.ctrd1.Error.NotRunning");
        dbus_writer_clear(&w);
}

/* Who says what, and the values one after the other. */
static void test_body(void **state) {
        static const DBusCall call = {
                .serial = 3, .destination = "a.b", .path = "/a/b", .interface = "a.b.C", .member = "Job", .signature = "uost",
        };
        DBusWriter body = {}, w = {};
        DBusReader reader;
        DBusMessage m;
        uint32_t id;

        dbus_put_u32(&body, 7);
        dbus_put_string(&body, "/job/7");
        dbus_put_string(&body, "done");
        dbus_put_u64(&body, UINT64_MAX);
        assert_int_equal(body.size, 40);
        dbus_put_call(&w, &call, &body);
        assert_int_equal(dbus_message_parse(w.data, w.size, &m), 0);
        assert_string_equal(m.path, "/a/b");
        assert_string_equal(m.interface, "a.b.C");
        assert_string_equal(m.member, "Job");
        assert_null(m.sender);
        reader = dbus_message_body(&m);
        assert_int_equal(dbus_take_u32(&reader, &id), 0);
        assert_int_equal(id, 7);
        assert_string_equal(dbus_take_string(&reader), "/job/7");
        assert_string_equal(dbus_take_string(&reader), "done");
        reader.position = reader.size - 3;
        assert_null(dbus_take_string(&reader));
        assert_int_equal(dbus_take_u32(&reader, &id), -EBADMSG);
        dbus_writer_clear(&body);
        dbus_writer_clear(&w);
}

static void refuse(DBusWriter *w) {
        DBusMessage m = { .reply_serial = 12345 };

        assert_int_equal(dbus_message_parse(w->data, w->size, &m), -EBADMSG);
        assert_int_equal(m.reply_serial, 12345);
        dbus_writer_clear(w);
}

static void test_refuse(void **state) {
        DBusWriter w = {};

        make_answer(&w, DBUS_METHOD_RETURN, 0, NULL, NULL, 0, NULL, 0);
        refuse(&w); /* an answer to nothing */
        make_answer(&w, DBUS_ERROR, 2, NULL, NULL, 0, NULL, 0);
        refuse(&w); /* an error without a name */
        make_answer(&w, DBUS_METHOD_RETURN, 2, NULL, "h", 1, NULL, 0);
        refuse(&w); /* a signature of nothing */
        make_answer(&w, DBUS_METHOD_RETURN, 2, NULL, NULL, 0, "xxxx", 4);
        refuse(&w); /* a body without one */
        make_answer(&w, (DBusType) 0, 2, NULL, NULL, 0, NULL, 0);
        refuse(&w);

        make_answer(&w, DBUS_METHOD_RETURN, 2, NULL, NULL, 0, NULL, 0);
        w.data[0] = w.data[0] == 'l' ? 'B' : 'l';
        refuse(&w);
        make_answer(&w, DBUS_METHOD_RETURN, 2, NULL, NULL, 0, NULL, 0);
        w.data[3] = 2;
        refuse(&w);
        make_answer(&w, DBUS_METHOD_RETURN, 2, NULL, NULL, 0, NULL, 0);
        w.data[16 + 1] = 3; /* the length of the first field's type */
        refuse(&w);
        make_answer(&w, DBUS_METHOD_RETURN, 2, NULL, NULL, 0, NULL, 0);
        w.data[16 + 2] = 's'; /* the serial as a string of two bytes */
        refuse(&w);
        make_answer(&w, DBUS_METHOD_RETURN, 2, NULL, NULL, 0, NULL, 0);
        w.size--;
        refuse(&w);

        /* sizes that wrap, or are past any need */
        static const uint32_t sizes[] = { UINT32_MAX, UINT32_MAX - 7, UINT32_MAX - 22, DBUS_MESSAGE_MAX, 1 << 31 };
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
                for (size_t at = 4; at <= 12; at += 8) {
                        make_answer(&w, DBUS_METHOD_RETURN, 2, NULL, NULL, 0, NULL, 0);
                        memcpy(w.data + at, &sizes[i], sizeof(sizes[i]));
                        assert_int_equal(dbus_message_size(w.data), -EBADMSG);
                        refuse(&w);
                }
}

/* Every byte of an answer changed, every length: in bounds, says valgrind. */
static void test_mutations(void **state) {
        const uint32_t index = 0;
        DBusWriter w = {};
        DBusMessage m;

        make_answer(&w, DBUS_METHOD_RETURN, 2, "a.b", "h", 1, &index, sizeof(index));
        for (size_t i = 0; i < w.size; i++)
                for (unsigned v = 0; v < 256; v++) {
                        _cleanup_free_ char *copy = malloc(w.size);

                        assert_non_null(copy);
                        memcpy(copy, w.data, w.size);
                        copy[i] = (char) v;
                        if (dbus_message_parse(copy, w.size, &m) >= 0) {
                                assert_true(m.body >= copy && m.body + m.body_size <= copy + w.size);
                                assert_true(m.signature == copy || strlen(m.signature) < w.size);
                        }
                }
        for (size_t n = 0; n < w.size; n++) {
                _cleanup_free_ char *copy = malloc(n + 1);

                assert_non_null(copy);
                memcpy(copy, w.data, n);
                assert_int_equal(dbus_message_parse(copy, n, &m), -EBADMSG);
        }
        dbus_writer_clear(&w);
}

static void check_label(const char *s, const char *expected) {
        char label[DBUS_LABEL_MAX];

        assert_int_equal(dbus_label(s, label), 0);
        assert_string_equal(label, expected);
}

static void test_label(void **state) {
        char label[DBUS_LABEL_MAX], longest[66];

        check_label("web", "web");
        check_label("a1", "a1");
        check_label("1a", "_31a");
        check_label("a-b_c", "a_2db_5fc");
        check_label("", "_");
        memset(longest, '-', 65);
        longest[65] = 0;
        assert_int_equal(dbus_label(longest, label), -ENAMETOOLONG);
        longest[64] = 0;
        assert_int_equal(dbus_label(longest, label), 0);
        assert_int_equal(strlen(label), 3 * 64);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_call),
                cmocka_unit_test(test_answer), cmocka_unit_test(test_body),
                cmocka_unit_test(test_refuse),
                cmocka_unit_test(test_mutations),
                cmocka_unit_test(test_label),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
