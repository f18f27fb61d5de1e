/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "text.h"
#include "test.h"

static void nothing_is_an_empty_text(void **state) {
        _cleanup_free_ char *s = NULL;
        Text text = {};

        assert_int_equal(text_take(&text, &s), 0);
        assert_string_equal(s, "");
        assert_null(text.data);
}

static void what_is_put_is_there_whole(void **state) {
        _cleanup_free_ char *s = NULL;
        Text text = {};
        size_t n = 0;

        for (unsigned i = 0; i < 10000; i++)
                text_put(&text, "%u,", i);
        assert_int_equal(text_take(&text, &s), 0);
        for (unsigned i = 0; i < 10000; i++) {
                char expected[16];
                int length = snprintf(expected, sizeof(expected), "%u,", i);

                assert_memory_equal(s + n, expected, (size_t) length);
                n += (size_t) length;
        }
        assert_int_equal(strlen(s), n);
}

static void what_was_lost_is_told(void **state) {
        char *s = (char *) "untouched";
        Text text = {};

        text_put(&text, "before");
        text.failed = true; /* as where there is no memory */
        text_put(&text, "after");
        assert_int_equal(text_take(&text, &s), -ENOMEM);
        assert_string_equal(s, "untouched");
        assert_null(text.data);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_an_empty_text),
                cmocka_unit_test(what_is_put_is_there_whole),
                cmocka_unit_test(what_was_lost_is_told),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
