/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl.h"
#include "remote.h"

static const Option table[] = {
        { "force", 'f',   NULL,   "…" },
        { "lines", 'n',   "N",    "…" },
        { "whom",  0x100, "WHOM", "…" },
        {}
};
static const Verb verb = { .name = "try", .usage = "NAME", .summary = "…", .options = table };
const Verb *const verbs[] = { &verb, NULL };

#define WORDS(...) ((char *[]){ (char *) "try", __VA_ARGS__ __VA_OPT__(, ) NULL })

static Options *begin(Ctl *ctl, const Verb *v, char **argv) {
        Options *o;
        int argc = 0;

        while (argv[argc])
                argc++;
        assert_int_equal(options_new(&o, ctl, v, argc, argv), 0);
        return o;
}

static void test_options(void **state) {
        _cleanup_error_ Error error = ERROR_INIT;
        Ctl ctl = {};
        const char *value = "";
        _cleanup_(options_freep) Options *o =
                begin(&ctl, &verb, WORDS((char *) "web", (char *) "-f", (char *) "-n3", (char *) "--whom=all", (char *) "--json",
                                         (char *) "db", (char *) "-Hroot@x", (char *) "--", (char *) "-f"));

        assert_int_equal(options_next(o, &value, &error), 'f');
        assert_null(value);
        assert_int_equal(options_next(o, &value, &error), 'n');
        assert_string_equal(value, "3");
        assert_int_equal(options_next(o, &value, &error), 0x100);
        assert_string_equal(value, "all");
        assert_int_equal(options_next(o, &value, &error), 0);
        assert_true(ctl.json);
        assert_string_equal(ctl.host, "root@x");
        assert_false(ctl.host_in_front);
        assert_string_equal(options_rest(o)[0], "web");
        assert_string_equal(options_rest(o)[1], "db");
        assert_string_equal(options_rest(o)[2], "-f");
        assert_null(options_rest(o)[3]);
        assert_int_equal(options_check_rest(o, 1, 3, "a name", &error), 0);
        assert_int_equal(options_check_rest(o, 1, 1, "a name", &error), -EINVAL);
        assert_string_equal(error_message(&error), "db is one word too many");
        error_clear(&error);
        assert_int_equal(options_check_rest(o, 4, 5, "a name", &error), -EINVAL);
        assert_string_equal(error_message(&error), "a name is missing");
        assert_true(error_has_name(&error, "Usage"));
}

/* exec: options on both sides of the name, none behind the command. */
static void test_words(void **state) {
        _cleanup_error_ Error error = ERROR_INIT;
        Ctl ctl = {};
        const char *value;
        _cleanup_(options_freep) Options *o =
                begin(&ctl, &verb, WORDS((char *) "-f", (char *) "web", (char *) "-n", (char *) "1", (char *) "ls", (char *) "-f"));

        options_stop_at_word(o);
        assert_int_equal(options_next(o, &value, &error), 'f');
        assert_int_equal(options_next(o, &value, &error), 0);
        assert_string_equal(options_take_word(o), "web");
        assert_int_equal(options_next(o, &value, &error), 'n');
        assert_int_equal(options_next(o, &value, &error), 0);
        assert_string_equal(options_rest(o)[0], "ls");
        assert_string_equal(options_rest(o)[1], "-f");
}

static void test_front(void **state) {
        _cleanup_error_ Error error = ERROR_INIT;
        Ctl ctl = {};
        _cleanup_(options_freep) Options *o =
                begin(&ctl, NULL, WORDS((char *) "-H", (char *) "x", (char *) "-q", (char *) "list", (char *) "--json"));

        assert_int_equal(options_finish(o, &error), 0);
        assert_true(ctl.host_in_front);
        assert_true(ctl.quiet);
        assert_false(ctl.json);
        assert_string_equal(options_rest(o)[0], "list");
}

static void refuse(char **argv, const char *message) {
        _cleanup_error_ Error error = ERROR_INIT;
        Ctl ctl = {};
        _cleanup_(options_freep) Options *o = begin(&ctl, &verb, argv);

        assert_int_equal(options_finish(o, &error), -EINVAL);
        assert_true(error_has_name(&error, "Usage"));
        assert_string_equal(error_message(&error), message);
}

static void test_refuse(void **state) {
        refuse(WORDS((char *) "-x"), "there is no option -x");
        refuse(WORDS((char *) "-n"), "the option -n needs a value");
        refuse(WORDS((char *) "--lines"), "the option --lines needs a value");
        refuse(WORDS((char *) "--bogus"), "there is no option --bogus");
        refuse(WORDS((char *) "--force=yes"), "the option --force takes no value");
        refuse(WORDS((char *) "--no-"), "--no- is short for more than one option");
}

static void test_quote(void **state) {
        char *const words[] = { (char *) "ctrctl", (char *) "it's", (char *) "", (char *) "$(x) \"y\"", NULL };
        _cleanup_free_ char *line = NULL;

        assert_int_equal(remote_quote(words, &line), 0);
        assert_string_equal(line, "'ctrctl' 'it'\\''s' '' '$(x) \"y\"'");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_options),
                cmocka_unit_test(test_words),
                cmocka_unit_test(test_front),
                cmocka_unit_test(test_refuse),
                cmocka_unit_test(test_quote),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
