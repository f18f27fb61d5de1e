/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "finding.h"
#include "test.h"

static void every_level_has_a_word(void **state) {
        for (FindingLevel i = 0; i < _FINDING_LEVEL_MAX; i++) {
                assert_non_null(finding_level_to_string(i));
                assert_int_equal(finding_level_from_string(finding_level_to_string(i)), i);
        }
        assert_null(finding_level_to_string(_FINDING_LEVEL_MAX));
        assert_null(finding_level_to_string(_FINDING_LEVEL_INVALID));
        assert_int_equal(finding_level_from_string("worse"), _FINDING_LEVEL_INVALID);
        assert_int_equal(finding_level_from_string(NULL), _FINDING_LEVEL_INVALID);
}

static void what_is_shown_is_printable(void **state) {
        FindingList l = {};

        finding_add(&l, FINDING_HINT, "check", NULL, "%s is %d", "a\033[1m\n", 3);
        finding_add(&l, FINDING_ERROR, "other", "rm a\tb", "state");
        assert_int_equal(l.n, 2);
        assert_string_equal(l.items[0].state, "a?[1m  is 3");
        assert_string_equal(l.items[0].advice, "");
        assert_string_equal(l.items[1].advice, "rm a b");
        finding_list_clear(&l);
        assert_int_equal(l.n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = { T(every_level_has_a_word), T(what_is_shown_is_printable) };

        return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
