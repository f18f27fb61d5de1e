/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

static void unset_error_has_a_message_all_the_same(void **state) {
        Error e = ERROR_INIT;

        assert_false(error_is_set(&e));
        assert_non_null(error_message(&e));
        assert_non_null(error_message(NULL));
}

static void set_returns_negative_errno_whatever_the_sign(void **state) {
        _cleanup_error_ Error a = ERROR_INIT, b = ERROR_INIT;

        assert_int_equal(error_set(&a, ENOENT, NULL, "a"), -ENOENT);
        assert_int_equal(error_set(&b, -ENOENT, NULL, "b"), -ENOENT);
        assert_int_equal(a.errnum, ENOENT);
        assert_int_equal(b.errnum, ENOENT);
}

static void first_cause_wins(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;

        error_set(&e, ENOENT, "NoSuchContainer", "first %d", 1);
        assert_int_equal(error_set(&e, EPERM, "InvalidName", "second"), -EPERM);
        test_assert_error(&e, ENOENT, "NoSuchContainer", "first 1");
        assert_string_equal(error_message(&e), "first 1");
}

static void null_error_still_returns_errno(void **state) {
        assert_int_equal(error_set(NULL, EBUSY, NULL, "nobody hears"), -EBUSY);
        assert_int_equal(error_set_errno(NULL, EBUSY, "nobody hears"), -EBUSY);
        assert_int_equal(error_prefix(NULL, "nobody"), 0);
        error_clear(NULL);
}

static void errno_zero_is_an_error_too(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;

        assert_int_equal(error_set(&e, 0, NULL, "odd"), -EIO);
        assert_true(error_is_set(&e));
}

static void set_errno_appends_its_text(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;

        error_set_errno(&e, -ENOENT, "opening %s", "/x");
        assert_string_equal(error_message(&e), "opening /x: No such file or directory");
        assert_null(e.name);
}

static void prefix_keeps_number_and_name(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;

        error_set(&e, EINVAL, "InvalidSettings", "bad");
        assert_int_equal(error_prefix(&e, "%s:%d", "file", 3), -EINVAL);
        error_prefix(&e, "outer");
        test_assert_error(&e, EINVAL, "InvalidSettings", "outer");
        assert_string_equal(error_message(&e), "outer: file:3: bad");
}

static void prefix_of_unset_error_sets_nothing(void **state) {
        Error e = ERROR_INIT;

        assert_int_equal(error_prefix(&e, "nothing"), 0);
        assert_false(error_is_set(&e));
        assert_null(e.message);
}

static void error_without_message_tells_its_errno(void **state) {
        _cleanup_error_ Error e = { .errnum = ENOSPC };

        assert_string_equal(error_message(&e), strerror(ENOSPC));
        error_prefix(&e, "writing");
        assert_string_equal(error_message(&e), "writing: No space left on device");
}

static void move_replaces_target_and_empties_source(void **state) {
        _cleanup_error_ Error to = ERROR_INIT, from = ERROR_INIT;

        error_set(&to, EPERM, "InvalidName", "old");
        error_set(&from, ENOENT, "NoSuchImage", "new");
        assert_int_equal(error_move(&to, &from), -ENOENT);
        test_assert_error(&to, ENOENT, "NoSuchImage", "new");
        assert_false(error_is_set(&from));
        assert_null(from.message);
}

static void move_to_nobody_frees_the_source(void **state) {
        Error from = ERROR_INIT;

        error_set(&from, ENOENT, NULL, "lost");
        assert_int_equal(error_move(NULL, &from), -ENOENT);
        assert_false(error_is_set(&from));
        assert_null(from.message);
}

static void move_to_itself_changes_nothing(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;

        error_set(&e, ENOENT, "NoSuchImage", "same");
        assert_int_equal(error_move(&e, &e), -ENOENT);
        test_assert_error(&e, ENOENT, "NoSuchImage", "same");
}

static void move_of_unset_error_clears_the_target(void **state) {
        Error to = ERROR_INIT, from = ERROR_INIT;

        error_set(&to, EPERM, NULL, "old");
        assert_int_equal(error_move(&to, &from), 0);
        assert_false(error_is_set(&to));
        assert_null(to.message);
}

static void cleared_error_can_be_set_anew(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;

        error_set(&e, EPERM, "InvalidName", "old");
        error_clear(&e);
        assert_false(error_is_set(&e));
        error_set(&e, ENOENT, NULL, "new");
        test_assert_error(&e, ENOENT, NULL, "new");
}

static void name_is_of_a_set_error_only(void **state) {
        Error e = { .name = "InvalidName" };

        assert_false(error_has_name(&e, "InvalidName"));
        assert_false(error_has_name(NULL, "InvalidName"));
        e.errnum = EINVAL;
        assert_true(error_has_name(&e, "InvalidName"));
        assert_false(error_has_name(&e, "Invalid"));
        e.name = NULL;
        assert_false(error_has_name(&e, "InvalidName"));
}

/* Others' words are quoted, and cut off anywhere. */
static void message_is_printable_whatever_it_quotes(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;

        error_set(&e, EINVAL, NULL, "\"%.2s\" and \"%s\"", "h\xc3\xa9", "\x1b[2J\nforged");
        error_prefix(&e, "%s", "\xff.conf");
        assert_string_equal(error_message(&e), "?.conf: \"h?\" and \"?[2J forged\"");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(unset_error_has_a_message_all_the_same),
                T(set_returns_negative_errno_whatever_the_sign),
                T(first_cause_wins),
                T(null_error_still_returns_errno),
                T(errno_zero_is_an_error_too),
                T(set_errno_appends_its_text),
                T(prefix_keeps_number_and_name),
                T(prefix_of_unset_error_sets_nothing),
                T(error_without_message_tells_its_errno),
                T(move_replaces_target_and_empties_source),
                T(move_to_nobody_frees_the_source),
                T(move_to_itself_changes_nothing),
                T(move_of_unset_error_clears_the_target),
                T(cleared_error_can_be_set_anew),
                T(name_is_of_a_set_error_only),
                T(message_is_printable_whatever_it_quotes),
        };

        return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
