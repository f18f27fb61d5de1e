/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "strv.h"
#include "test.h"

#define L STRINGS
static char *const empty[] = { NULL };

static void assert_list(char *const *l, char *const *expected) {
        if (strv_equal(l, expected))
                return;
        _cleanup_free_ char *a = strv_join(l, "|"), *b = strv_join(expected, "|");

        fail_msg("(%s) is not (%s)", a, b);
}

static void null_is_an_empty_list(void **state) {
        _cleanup_strv_ char **copy = strv_copy(NULL);
        _cleanup_free_ char *joined = strv_join(NULL, ","), *quoted = strv_join_quoted(NULL);

        assert_int_equal(strv_length(NULL), 0);
        assert_false(strv_contains(NULL, "x"));
        assert_true(strv_equal(NULL, NULL));
        assert_true(strv_equal(NULL, empty));
        assert_false(strv_equal(NULL, L("x")));
        assert_non_null(copy);
        assert_int_equal(strv_length(copy), 0);
        assert_string_equal(joined, "");
        assert_string_equal(quoted, "");
        assert_null(strv_free(NULL));
        STRV_FOREACH(s, NULL)
                fail();
}

static void equal_looks_at_order_and_length(void **state) {
        assert_true(strv_equal(L("a", "b"), L("a", "b")));
        assert_false(strv_equal(L("a", "b"), L("b", "a")));
        assert_false(strv_equal(L("a", "b"), L("a")));
        assert_false(strv_equal(L("a"), L("a", "b")));
        assert_false(strv_equal(L("a"), L("A")));
}

static void contains_is_for_whole_strings(void **state) {
        assert_true(strv_contains(L("a", "bc"), "bc"));
        assert_true(strv_contains(L("", "bc"), ""));
        assert_false(strv_contains(L("a", "bc"), "b"));
}

static void copy_is_deep(void **state) {
        char text[] = "abc";
        char *const one[] = { text, NULL };
        _cleanup_strv_ char **copy = strv_copy(one);

        text[0] = 'X';
        assert_list(copy, L("abc"));
}

static void extend_appends_to_null(void **state) {
        _cleanup_strv_ char **l = NULL;

        assert_ok(strv_extend(&l, "a"));
        assert_ok(strv_extendf(&l, "%d-%s", 7, "b"));
        assert_ok(strv_consume(&l, strdup("")));
        assert_list(l, L("a", "7-b", ""));
}

static void consume_of_null_is_no_memory(void **state) {
        _cleanup_strv_ char **l = NULL;

        assert_ok(strv_extend(&l, "a"));
        assert_int_equal(strv_consume(&l, NULL), -ENOMEM);
        assert_list(l, L("a"));
}

static void split_drops_empty_pieces(void **state) {
        static const struct {
                const char *text, *separators;
                const char *pieces[4];
        } cases[] = {
                { "a:b:c", ":", { "a", "b", "c" } }, { "::a::b:", ":", { "a", "b" } },     { "", ":", {} },
                { ":::", ":", {} },                  { "a, b", ", ", { "a", "b" } },       { "abc", ":", { "abc" } },
                { "a\n\nb\n", "\n", { "a", "b" } },  { "a b", ":", { "a b" } },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_ char **l = NULL;

                assert_ok(strv_split(cases[i].text, cases[i].separators, &l));
                assert_non_null(l);
                assert_list(l, (char *const *) cases[i].pieces);
        }
}

static void quoted_words(void **state) {
        static const struct {
                const char *text;
                const char *words[5];
        } cases[] = {
                { "", {} },
                { " \t\n ", {} },
                { "a b", { "a", "b" } },
                { "  a \t b\n", { "a", "b" } },
                { "\"a b\" c", { "a b", "c" } },
                { "'a b' c", { "a b", "c" } },
                { "A=\"b c\"d", { "A=b cd" } },
                { "a\"\"b", { "ab" } },
                { "\"\"", { "" } },
                { "'' \"\" x", { "", "", "x" } },
                { "\"it's\"", { "it's" } },
                { "'say \"hi\"'", { "say \"hi\"" } },
                { "a\\ b", { "a b" } },
                { "a\\sb", { "a b" } },
                { "a\\nb\\tc", { "a\nb\tc" } },
                { "\\\"", { "\"" } },
                { "'a\\'b'", { "a'b" } },
                { "\\\\", { "\\" } },
                { "\"\\\\\"", { "\\" } },
                { "a\\\nb", { "a\nb" } },
                { "#a", { "#a" } },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_ char **l = NULL;

                assert_ok(strv_split_quoted(cases[i].text, &l));
                assert_non_null(l);
                assert_list(l, (char *const *) cases[i].words);
        }
}

static void open_quotes_and_stray_backslashes_are_refused(void **state) {
        static const char *const bad[] = { "\"", "'", "\"a", "a 'b", "\"a'", "\\", "a\\", "a \\", "\"a\\", "'a\\'", "a\"b c" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char **l = (char **) bad;

                if (strv_split_quoted(bad[i], &l) != -EINVAL)
                        fail_msg("%s is taken", bad[i]);
                assert_ptr_equal(l, bad);
        }
}

static void join_sets_separators_between(void **state) {
        _cleanup_free_ char *a = strv_join(L("a", "", "c"), ", "), *b = strv_join(L("a"), ", "), *c = strv_join(L("", ""), "");

        assert_string_equal(a, "a, , c");
        assert_string_equal(b, "a");
        assert_string_equal(c, "");
}

static void quoting_is_used_only_where_needed(void **state) {
        _cleanup_free_ char *a = strv_join_quoted(L("plain", "two words", "", "a\"b", "back\\slash", "new\nline", "x=1"));

        assert_string_equal(a, "plain \"two words\" \"\" \"a\\\"b\" \"back\\\\slash\" \"new\\nline\" x=1");
}

static void quoted_text_is_one_line_that_does_not_end_in_a_blank_or_backslash(void **state) {
        for (unsigned c = 1; c < 256; c++) {
                char word[] = { 'a', (char) c, 0 };
                _cleanup_free_ char *text = strv_join_quoted(L(word));
                size_t n = strlen(text);

                assert_null(strchr(text, '\n'));
                assert_null(strchr(" \t\r\\", text[n - 1]));
        }
}

static void any_list_survives_quoting(void **state) {
        static const char letters[] = "ab \t\n\r\"'\\s#;=\x01\x7f\xff";

        for (unsigned round = 0; round < 5000; round++) {
                _cleanup_strv_ char **l = calloc(1, sizeof(char *)), **again = NULL;
                size_t n = test_random() % 6;

                for (size_t i = 0; i < n; i++) {
                        char word[12];
                        size_t length = test_random() % ELEMENTSOF(word);

                        for (size_t j = 0; j < length; j++)
                                word[j] = letters[test_random() % (sizeof(letters) - 1)];
                        word[length] = 0;
                        assert_ok(strv_extend(&l, word));
                }
                _cleanup_free_ char *text = strv_join_quoted(l);
                assert_non_null(text);
                assert_ok(strv_split_quoted(text, &again));
                assert_list(again, l);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(null_is_an_empty_list),
                T(equal_looks_at_order_and_length),
                T(contains_is_for_whole_strings),
                T(copy_is_deep),
                T(extend_appends_to_null),
                T(consume_of_null_is_no_memory),
                T(split_drops_empty_pieces),
                T(quoted_words),
                T(open_quotes_and_stray_backslashes_are_refused),
                T(join_sets_separators_between),
                T(quoting_is_used_only_where_needed),
                T(quoted_text_is_one_line_that_does_not_end_in_a_blank_or_backslash),
                T(any_list_survives_quoting),
        };

        return cmocka_run_group_tests_name("strv", tests, NULL, NULL);
}
