/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"
#include "variant.h"

static void check(const char *text, const char *wanted) {
        _cleanup_free_ char *got = NULL;
        Arena arena = {};
        Variant v;

        if (variant_parse(&arena, text, &v) < 0)
                fail_msg("%s was refused", text);
        got = variant_format(&v);
        assert_string_equal(got, wanted);
        arena_clear(&arena);
}

static void values(void **state) {
        check("5", "i 5");
        check(" -5 ", "i -5");
        check("uint64 18446744073709551615", "t 18446744073709551615");
        check("int64 -1", "x -1");
        check("uint32 0x10", "u 16");
        check("byte 255", "y 255");
        check("int16 -32768", "n -32768");
        check("uint16 65535", "q 65535");
        check("int32 2147483647", "i 2147483647");
        check("@t 7", "t 7");
        check("true", "b 1");
        check("boolean false", "b 0");
        check("1.5", "d 1.5");
        check("double 2", "d 2");
        check("'inactive-or-failed'", "s 'inactive-or-failed'");
        check("\"it's\"", "s 'it's'");
        check("'a\\'b\\\\\\n'", "s 'a'b\\\n'");
        check("''", "s ''");
        check("objectpath '/a'", "o '/a'");
}

static void lists(void **state) {
        check("['a', 'b']", "as 'a','b'");
        check("[ 'a' ]", "as 'a'");
        check("@as []", "as ");
        check("[uint64 1, 2]", "at 1,2");
        check("@ay [1, 2]", "ay 1,2");
        check("[true,false]", "ab 1,0");
        check("[1, -2]", "ai 1,-2");
}

static void refusals(void **state) {
        static const char *const bad[] = { "", " ", "x", "'", "'a", "'a' b", "5 6", "[", "[]", "['a'", "['a',]", "['a' 'b']", "['a', 5]",
                                           "[5, 'a']", "uint64", "uint64 ", "uint64 -1", "uint32 4294967296", "byte 256",
                                           "int32 2147483648", "int16 -32769", "2147483648", "@z 5", "@t", "@at 5", "truely",
                                           "'a\\q'", "'a\\", "string 5", "0x", "1e", "uint64 0x", "[[1]]", "(1, 2)", "5x" };
        Arena arena = {};
        Variant v;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (variant_parse(&arena, bad[i], &v) >= 0)
                        fail_msg("\"%s\" was taken", bad[i]);
        arena_clear(&arena);
}

/* As a bus wants them: aligned to their own size from the message's beginning. */
static void marshalling(void **state) {
        static const struct {
                const char *text, *bytes;
                size_t size;
        } cases[] = {
                { "uint64 1", "\1t\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 16 },
                { "uint16 1", "\1q\0\0\1\0", 6 },
                { "byte 1", "\1y\0\1", 4 },
                { "true", "\1b\0\0\1\0\0\0", 8 },
                { "'a'", "\1s\0\0\1\0\0\0a\0", 10 },
                { "['a']", "\2as\0\6\0\0\0\1\0\0\0a\0", 14 },
                { "@ay [1,2]", "\2ay\0\2\0\0\0\1\2", 10 },
                { "@at []", "\2at\0\0\0\0\0", 8 },
        };

        if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
                skip();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                DBusWriter w = {};
                Arena arena = {};
                Variant v;

                assert_int_equal(variant_parse(&arena, cases[i].text, &v), 0);
                variant_put(&w, &v);
                assert_int_equal(w.size, cases[i].size);
                assert_memory_equal(w.data, cases[i].bytes, w.size);
                dbus_writer_clear(&w);
                arena_clear(&arena);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = { T(values), T(lists), T(refusals), T(marshalling) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
