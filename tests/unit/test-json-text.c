/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "json-text.h"
#include "test.h"

static unsigned calls, failing;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_realloc(void *p, size_t size) {
        return ++calls == failing ? NULL : __real_realloc(p, size);
}

static void it_is_what_jansson_writes(void **state) {
        json_t *value = json_pack("{s:[i, s, b], s:{}}", "key", 1, "\xc3\xa9\n", true, "other");
        const size_t flags[] = { 0, JSON_COMPACT, JSON_INDENT(2), JSON_ENSURE_ASCII | JSON_COMPACT };

        assert_non_null(value);
        for (size_t i = 0; i < ELEMENTSOF(flags); i++) {
                _cleanup_free_ char *text = json_text(value, flags[i]), *expected = json_dumps(value, flags[i]);

                assert_non_null(text);
                assert_string_equal(text, expected);
        }
        json_decref(value);
        assert_null(json_text(NULL, 0));
}

/* jansson 2.14 goes on where a key could not be put. */
static void without_memory_it_is_nothing_and_not_a_part(void **state) {
        _cleanup_free_ char *whole = NULL;
        json_t *value = json_object();
        char key[600];

        memset(key, 'k', sizeof(key) - 1);
        key[sizeof(key) - 1] = 0;
        for (unsigned i = 0; i < 20; i++) {
                key[0] = (char) ('a' + i);
                assert_int_equal(json_object_set_new(value, key, json_integer(1)), 0);
        }
        calls = failing = 0;
        whole = json_text(value, JSON_COMPACT);
        assert_non_null(whole);
        assert_true(calls >= 6);
        for (unsigned last = calls, n = 1; n <= last; n++) {
                calls = 0;
                failing = n;
                assert_null(json_text(value, JSON_COMPACT));
        }
        failing = 0;
        json_decref(value);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_what_jansson_writes),
                cmocka_unit_test(without_memory_it_is_nothing_and_not_a_part),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
