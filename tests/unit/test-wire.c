/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"
#include "wire.h"

static void test_round_trip(void **state) {
        const char *key, *value;
        char data[WIRE_MAX + 1];
        WireReader reader;
        WireWriter writer;

        wire_begin(&writer);
        wire_put(&writer, "EVENT", "phase");
        wire_put(&writer, "STATUS", "a=b\nFORGED=1\r\x7f\x1b");
        wire_put_u64(&writer, "LEADER", UINT64_MAX);
        wire_put(&writer, "EMPTY", "");
        assert_false(writer.overflow);

        memcpy(data, writer.data, writer.size);
        wire_read_begin(&reader, data, writer.size);
        assert_int_equal(wire_read_next(&reader, &key, &value), 1);
        assert_string_equal(key, "EVENT");
        assert_string_equal(value, "phase");
        assert_int_equal(wire_read_next(&reader, &key, &value), 1);
        assert_string_equal(key, "STATUS");
        assert_string_equal(value, "a=b?FORGED=1?\?\?");
        assert_int_equal(wire_read_next(&reader, &key, &value), 1);
        assert_string_equal(value, "18446744073709551615");
        assert_int_equal(wire_read_next(&reader, &key, &value), 1);
        assert_string_equal(value, "");
        assert_int_equal(wire_read_next(&reader, &key, &value), 0);
}

static int read_all(const char *text, size_t n) {
        const char *key, *value;
        char data[256];
        WireReader reader;
        int r;

        memcpy(data, text, n);
        wire_read_begin(&reader, data, n);
        while ((r = wire_read_next(&reader, &key, &value)) > 0)
                ;
        return r;
}

static void test_malformed(void **state) {
        assert_int_equal(read_all("", 0), 0);
        assert_int_equal(read_all("A=1", 3), 0);
        assert_int_equal(read_all("A=1\n", 4), 0);
        assert_int_equal(read_all("A\n", 2), -EBADMSG);
        assert_int_equal(read_all("=1\n", 3), -EBADMSG);
        assert_int_equal(read_all("A=1\n\n", 5), -EBADMSG);
        assert_int_equal(read_all("A=1\0B=2\n", 8), -EBADMSG);
}

static void test_overflow(void **state) {
        char value[WIRE_MAX];
        WireWriter writer;

        memset(value, 'x', sizeof(value) - 1);
        value[sizeof(value) - 1] = 0;
        wire_begin(&writer);
        wire_put(&writer, "KEY", value);
        assert_true(writer.overflow);
        assert_int_equal(writer.size, 0);

        value[WIRE_MAX - 5] = 0; /* KEY= and the newline make it exactly WIRE_MAX */
        wire_begin(&writer);
        wire_put(&writer, "KEY", value);
        assert_false(writer.overflow);
        assert_int_equal(writer.size, WIRE_MAX);
        wire_put(&writer, "K", "");
        assert_true(writer.overflow);
}

static void test_tables(void **state) {
        for (MonitorPhase i = 0; i < _MONITOR_PHASE_MAX; i++) {
                assert_non_null(monitor_phase_to_string(i));
                assert_int_equal(monitor_phase_from_string(monitor_phase_to_string(i)), i);
        }
        for (ExitReason i = 0; i < _EXIT_REASON_MAX; i++) {
                assert_non_null(exit_reason_to_string(i));
                assert_int_equal(exit_reason_from_string(exit_reason_to_string(i)), i);
        }
        assert_null(monitor_phase_to_string(_MONITOR_PHASE_MAX));
        assert_null(exit_reason_to_string(_EXIT_REASON_INVALID));
        assert_int_equal(monitor_phase_from_string("nowhere"), _MONITOR_PHASE_INVALID);
        assert_int_equal(exit_reason_from_string(NULL), _EXIT_REASON_INVALID);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_malformed),
                cmocka_unit_test(test_overflow),
                cmocka_unit_test(test_tables),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
