/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "completion.h"
#include "test.h"

const Verb *const verbs[] = { NULL };

static const Option stop_options[] = { { "timeout", 't', "TIME", "" }, { "now", 'n', NULL, "" }, {} };
static const Verb stop = { .name = "stop", .usage = "NAME…", .summary = "", .options = stop_options };
static const Verb set = { .name = "set", .usage = "NAME KEY=VALUE…", .summary = "" };
static const Verb create = { .name = "create", .usage = "NAME TEMPLATE", .words = "NEW TEMPLATE", .summary = "" };
static const Verb exec = { .name = "exec", .usage = "NAME [OPTIONS] [--] COMMAND…", .summary = "" };
static const Verb image_list = { .name = "image list", .usage = "", .summary = "" };
static const Verb image_remove = { .name = "image remove", .usage = "ID…", .summary = "" };
static const Verb *const table[] = { &stop, &set, &create, &exec, &image_list, &image_remove, NULL };

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static Completion find(const char *const *words) {
        Completion c;

        completion_find(table, (char *const *) words, &c);
        return c;
}

#define assert_word(c, what, left)                             \
        do {                                                   \
                Completion _c = (c);                           \
                assert_int_equal(_c.kind, COMPLETION_WORD);    \
                assert_string_equal(_c.word, what);            \
                assert_string_equal(_c.typed, left);           \
        } while (0)

static void verbs_and_groups(void **state) {
        Completion c = find(WORDS(""));

        assert_int_equal(c.kind, COMPLETION_VERB);
        assert_null(c.group);
        c = find(WORDS("-q", "image", "re"));
        assert_int_equal(c.kind, COMPLETION_VERB);
        assert_string_equal(c.group, "image");
        assert_true(completion_matches(&c, "remove"));
        assert_false(completion_matches(&c, "list"));
        assert_int_equal(find(WORDS("nothing", "")).kind, COMPLETION_NOTHING);
        assert_int_equal(find(WORDS("image", "nothing", "")).kind, COMPLETION_NOTHING);
        assert_int_equal(find((const char *const[]){ NULL }).kind, COMPLETION_NOTHING);
}

static void words_of_the_usage(void **state) {
        assert_word(find(WORDS("stop", "a")), "NAME", "a");
        assert_word(find(WORDS("stop", "a", "b", "c")), "NAME", "c");
        assert_word(find(WORDS("set", "")), "NAME", "");
        assert_word(find(WORDS("set", "a", "A=b", "C")), "KEY=VALUE", "C");
        assert_word(find(WORDS("create", "")), "NEW", "");
        assert_word(find(WORDS("create", "a", "b")), "TEMPLATE", "b");
        assert_int_equal(find(WORDS("create", "a", "b", "")).kind, COMPLETION_NOTHING);
        assert_int_equal(find(WORDS("image", "list", "")).kind, COMPLETION_NOTHING);
        assert_word(find(WORDS("image", "remove", "x")), "ID", "x");
        assert_word(find(WORDS("exec", "a", "l")), "COMMAND", "l");
        /* The command's own. */
        assert_int_equal(find(WORDS("exec", "a", "ls", "-")).kind, COMPLETION_NOTHING);
}

static void options_and_values(void **state) {
        Completion c = find(WORDS("stop", "--ti"));

        assert_int_equal(c.kind, COMPLETION_OPTION);
        assert_ptr_equal(c.verb, &stop);
        c = find(WORDS("stop", "--timeout=3"));
        assert_int_equal(c.kind, COMPLETION_VALUE);
        assert_ptr_equal(c.option, &stop_options[0]);
        assert_string_equal(c.prefix, "--timeout=");
        assert_string_equal(c.typed, "3");
        for (size_t i = 0; i < 3; i++) {
                c = find(WORDS("stop", ((const char *[]){ "--timeout", "-t", "-nt" })[i], "3"));
                assert_int_equal(c.kind, COMPLETION_VALUE);
                assert_ptr_equal(c.option, &stop_options[0]);
                assert_string_equal(c.prefix, "");
        }
        /* The value is there, or there is none. */
        assert_word(find(WORDS("stop", "-t3", "a")), "NAME", "a");
        assert_word(find(WORDS("stop", "--timeout=3", "a")), "NAME", "a");
        assert_word(find(WORDS("stop", "-n", "a")), "NAME", "a");
        assert_int_equal(find(WORDS("stop", "--now=")).kind, COMPLETION_NOTHING);
        assert_word(find(WORDS("stop", "--", "-t")), "NAME", "-t");
}

static void other_hosts(void **state) {
        assert_true(find(WORDS("-H", "there", "stop", "")).elsewhere);
        assert_true(find(WORDS("stop", "--host=there", "")).elsewhere);
        assert_false(find(WORDS("stop", "-n", "")).elsewhere);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(verbs_and_groups),
                cmocka_unit_test(words_of_the_usage),
                cmocka_unit_test(options_and_values),
                cmocka_unit_test(other_hosts),
        };

        return cmocka_run_group_tests_name("completion", tests, NULL, NULL);
}
