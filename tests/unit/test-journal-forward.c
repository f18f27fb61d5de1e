/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How often a guest's journal may be begun with, which the guest has a say in. */

#include "journal-forward.h"
#include "test.h"

#define S USEC_PER_SEC

static void a_few_at_once_and_then_one_in_half_a_minute(void **state) {
        JournalForward f = JOURNAL_FORWARD_INIT;

        for (int i = 0; i < 3; i++)
                assert_int_equal(journal_forward_take(&f, 1000 * S), 0);
        /* Who asks again and again makes it no later. */
        for (int i = 0; i < 1000; i++)
                assert_int_equal(journal_forward_take(&f, 1000 * S), 30 * S);
        assert_int_equal(journal_forward_take(&f, 1029 * S), 1 * S);
        assert_int_equal(journal_forward_take(&f, 1030 * S), 0);
        assert_int_equal(journal_forward_take(&f, 1030 * S), 30 * S);
        journal_forward_drop(&f);
        assert_int_equal(journal_forward_take(&f, 1030 * S), 30 * S);
        /* All of them again. */
        for (int i = 0; i < 3; i++)
                assert_int_equal(journal_forward_take(&f, 2000 * S), 0);
        assert_int_equal(journal_forward_take(&f, 2000 * S), 30 * S);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_few_at_once_and_then_one_in_half_a_minute),
        };

        return cmocka_run_group_tests_name("journal-forward", tests, NULL, NULL);
}
