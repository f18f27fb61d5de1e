/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>

#include "parse.h"
#include "test.h"

#define SEC USEC_PER_SEC

static void number_is_the_whole_string(void **state) {
        static const char *const bad[] = {
                "", " ", " 1", "1 ", "+1", "-1", "-0", "0x10", "1e3", "1.0", "1,0", "ten", "\t1", "1\n", "0b1", "\xd9\xa1",
        };
        uint64_t v = 42;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(parse_u64(bad[i], &v), -EINVAL);
        assert_int_equal(parse_u64(NULL, &v), -EINVAL);
        assert_int_equal(v, 42);
}

static void u64_knows_its_edge(void **state) {
        uint64_t v = 42;

        assert_ok(parse_u64("18446744073709551615", &v));
        assert_true(v == UINT64_MAX);
        assert_ok(parse_u64("00000000000000000000000000007", &v));
        assert_int_equal(v, 7);
        assert_int_equal(parse_u64("18446744073709551616", &v), -ERANGE);
        assert_int_equal(parse_u64("18446744073709551620", &v), -ERANGE);
        assert_int_equal(parse_u64("99999999999999999999999999", &v), -ERANGE);
        assert_int_equal(v, 7);
}

static void u32_knows_its_edge(void **state) {
        uint32_t v = 42;

        assert_ok(parse_u32("4294967295", &v));
        assert_int_equal(v, UINT32_MAX);
        assert_int_equal(parse_u32("4294967296", &v), -ERANGE);
        assert_int_equal(parse_u32("-1", &v), -EINVAL);
        assert_int_equal(v, UINT32_MAX);
}

static void maximum_is_inclusive(void **state) {
        uint64_t v;

        assert_ok(parse_uint_max("10", 10, &v));
        assert_int_equal(parse_uint_max("11", 10, &v), -ERANGE);
        assert_ok(parse_uint_max("0", 0, &v));
        assert_int_equal(parse_uint_max("1", 0, &v), -ERANGE);
}

static void pid_is_positive(void **state) {
        pid_t pid = 42;

        assert_int_equal(parse_pid("0", &pid), -ERANGE);
        assert_int_equal(parse_pid("-1", &pid), -EINVAL);
        assert_int_equal(parse_pid("2147483648", &pid), -ERANGE);
        assert_int_equal(parse_pid("4294967297", &pid), -ERANGE);
        assert_int_equal(pid, 42);
        assert_ok(parse_pid("2147483647", &pid));
        assert_int_equal(pid, INT32_MAX);
}

static void bool_has_its_words_in_any_case(void **state) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on", "YES", "True", "oN" };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off", "NO", "False", "oFF" };
        static const char *const bad[] = { "", "2", "01", "yes ", " yes", "ye", "truee", "auto", "-1", "nope", "enabled" };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++)
                assert_int_equal(parse_bool(yes[i]), 1);
        for (size_t i = 0; i < ELEMENTSOF(no); i++)
                assert_int_equal(parse_bool(no[i]), 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(parse_bool(bad[i]), -EINVAL);
        assert_int_equal(parse_bool(NULL), -EINVAL);
}

static void times_as_systemd_writes_them(void **state) {
        static const struct {
                const char *text;
                uint64_t usec;
        } cases[] = {
                { "0", 0 },
                { "1", SEC },
                { "90", 90 * SEC },
                { "90s", 90 * SEC },
                { "90sec", 90 * SEC },
                { "1.5", 1500000 },
                { "0.000001", 1 },
                { "0.0000019", 1 },
                { "1.5ms", 1500 },
                { "1.5us", 1 },
                { "7usec", 7 },
                { "3msec", 3000 },
                { "2m", 120 * SEC },
                { "2min", 120 * SEC },
                { "1min 30s", 90 * SEC },
                { "1min30s", 90 * SEC },
                { "1h 1min 1s 1ms 1us", 3661001001 },
                { "1hr", 3600 * SEC },
                { "2d", 172800 * SEC },
                { "1w", 604800 * SEC },
                { "0.5w", 302400 * SEC },
                { "infinity", USEC_INFINITY },
                { "18446744073709551614us", UINT64_MAX - 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t v = 1234567;

                if (parse_usec(cases[i].text, &v) < 0 || v != cases[i].usec)
                        fail_msg("\"%s\" is %llu", cases[i].text, (unsigned long long) v);
        }
}

static void times_that_are_none(void **state) {
        static const char *const bad[] = {
                "", " ", "s", "-1", "+1", " 1", "1 ", "1  2", "1s ", "1s,2s", "1.", ".5", "1.s", "1,5s", "1 s", "1y", "1S",
                "1MS", "Infinity", "infinity ", "infinitys", "1infinity", "1s\n", "0x1", "1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        };
        uint64_t v = 42;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (parse_usec(bad[i], &v) != -EINVAL)
                        fail_msg("\"%s\" is taken as %llu", bad[i], (unsigned long long) v);
        assert_int_equal(v, 42);
}

static void times_that_do_not_fit(void **state) {
        static const char *const bad[] = {
                "18446744073709551616us", "18446744073710s", "18446744073709.551616s", "30500569w", "30500568.91w",
                "18446744073709551614us 2us", "99999999999999999999999",
                /* infinity by its number would be a surprise */
                "18446744073709551615us", "18446744073709.551615s",
        };
        uint64_t v = 42;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (parse_usec(bad[i], &v) != -ERANGE)
                        fail_msg("\"%s\" is taken as %llu", bad[i], (unsigned long long) v);
        assert_int_equal(v, 42);
}

static void sizes_to_the_base_1024(void **state) {
        static const struct {
                const char *text;
                uint64_t bytes;
        } cases[] = {
                { "0", 0 },
                { "1", 1 },
                { "1B", 1 },
                { "1K", 1 << 10 },
                { "1M", 1 << 20 },
                { "1G", 1 << 30 },
                { "1T", UINT64_C(1) << 40 },
                { "1.5K", 1536 },
                { "0.25G", 1 << 28 },
                { "2.5T", UINT64_C(5) << 39 },
                { "16777215T", UINT64_C(16777215) << 40 },
                { "18446744073709551614", UINT64_MAX - 1 },
                { "infinity", UINT64_MAX },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t v = 1234567;

                if (parse_size(cases[i].text, &v) < 0 || v != cases[i].bytes)
                        fail_msg("\"%s\" is %llu", cases[i].text, (unsigned long long) v);
        }
}

static void sizes_that_are_none(void **state) {
        static const char *const bad[] = {
                "", " ", "K", "1k", "1KB", "1Ki", "1KiB", "1 K", " 1", "1 ", "-1", "+1", "1.", ".5K", "1.5.5K", "1K1K", "1P",
                "Infinity", "max", "50%", "0x10",
        };
        uint64_t v = 42;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (parse_size(bad[i], &v) != -EINVAL)
                        fail_msg("\"%s\" is taken as %llu", bad[i], (unsigned long long) v);
        assert_int_equal(v, 42);
}

static void sizes_that_do_not_fit(void **state) {
        static const char *const bad[] = {
                "18446744073709551616", "18446744073709551615", "16777216T", "18014398509481984K", "17592186044416M",
                "17179869184G",
        };
        uint64_t v = 42;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (parse_size(bad[i], &v) != -ERANGE)
                        fail_msg("\"%s\" is taken as %llu", bad[i], (unsigned long long) v);
        assert_int_equal(v, 42);
}

static void signals_by_name_and_number(void **state) {
        const struct {
                const char *text;
                int sig;
        } cases[] = {
                { "TERM", SIGTERM },
                { "SIGTERM", SIGTERM },
                { "15", SIGTERM },
                { "KILL", SIGKILL },
                { "PWR", SIGPWR },
                { "1", SIGHUP },
                { "RTMIN", SIGRTMIN },
                { "SIGRTMIN", SIGRTMIN },
                { "RTMIN+0", SIGRTMIN },
                { "RTMIN+4", SIGRTMIN + 4 },
                { "SIGRTMIN+3", SIGRTMIN + 3 },
                { "RTMIN+30", SIGRTMAX },
                { "RTMAX", SIGRTMAX },
                { "RTMAX-1", SIGRTMAX - 1 },
                { "SIGRTMAX-30", SIGRTMIN },
                { "64", SIGRTMAX },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int sig = -1;

                if (parse_signal(cases[i].text, &sig) < 0 || sig != cases[i].sig)
                        fail_msg("\"%s\" is %d", cases[i].text, sig);
        }
}

static void signals_that_are_none(void **state) {
        static const char *const bad[] = {
                "", "0", "-1", "65", "999999999999", "+15", " 15", "15 ", "term", "SIGterm", "SIG", "SIGSIGTERM", "SIG15", "TERM ",
                "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMAX-31", "RTMIN+", "RTMIN++1", "RTMIN+-1", "RTMIN +1", "RTMIN1", "RTMAX-",
                "STOPP", "NONE",
                /* the C library keeps these to itself: they have no name */
                "32", "33",
        };
        int sig = 42;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (parse_signal(bad[i], &sig) >= 0)
                        fail_msg("\"%s\" is taken as %d", bad[i], sig);
        assert_int_equal(parse_signal(NULL, &sig), -EINVAL);
        assert_int_equal(sig, 42);
}

static void every_signal_that_parses_has_a_name_that_parses(void **state) {
        size_t n = 0;

        for (int i = -1; i <= 130; i++) {
                char text[16];
                int sig, again;

                snprintf(text, sizeof(text), "%d", i);
                if (parse_signal(text, &sig) < 0) {
                        assert_null(signal_name(i));
                        continue;
                }
                assert_int_equal(sig, i);
                assert_non_null(signal_name(sig));
                assert_non_null(startswith(signal_name(sig), "SIG"));
                assert_ok(parse_signal(signal_name(sig), &again));
                assert_int_equal(again, sig);
                assert_ok(parse_signal(signal_name(sig) + 3, &again));
                assert_int_equal(again, sig);
                n++;
        }
        assert_int_equal(n, 62); /* 1 to 31 and 34 to 64 */
}

static void names_of_signals_do_not_share_memory(void **state) {
        const char *a = signal_name(SIGRTMIN + 4), *b = signal_name(SIGRTMIN + 5);

        assert_string_equal(a, "SIGRTMIN+4");
        assert_string_equal(b, "SIGRTMIN+5");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(number_is_the_whole_string),
                T(u64_knows_its_edge),
                T(u32_knows_its_edge),
                T(maximum_is_inclusive),
                T(pid_is_positive),
                T(bool_has_its_words_in_any_case),
                T(times_as_systemd_writes_them),
                T(times_that_are_none),
                T(times_that_do_not_fit),
                T(sizes_to_the_base_1024),
                T(sizes_that_are_none),
                T(sizes_that_do_not_fit),
                T(signals_by_name_and_number),
                T(signals_that_are_none),
                T(every_signal_that_parses_has_a_name_that_parses),
                T(names_of_signals_do_not_share_memory),
        };

        return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
