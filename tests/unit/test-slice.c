/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "slice.h"
#include "test.h"

static void paths(void **state) {
        static const struct {
                const char *name, *path;
        } cases[] = {
                { "machine.slice", "/machine.slice" },
                { "machine-web.slice", "/machine.slice/machine-web.slice" },
                { "a-b.c-d.slice", "/a.slice/a-b.c.slice/a-b.c-d.slice" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char path[SLICE_PATH_MAX];

                assert_true(slice_name_is_valid(cases[i].name));
                slice_path(cases[i].name, path);
                assert_string_equal(path, cases[i].path);
        }
}

static void the_longest_fits(void **state) {
        char name[SLICE_NAME_MAX + 2] = "a-b-c-d-e-f-g-", path[SLICE_PATH_MAX];

        memset(name + 14, 'h', SLICE_NAME_MAX - 14 - 6);
        strcpy(name + SLICE_NAME_MAX - 6, ".slice");
        assert_true(slice_name_is_valid(name));
        slice_path(name, path);
        assert_true(endswith(path, name));
        memmove(name + 15, name + 14, strlen(name + 14) + 1);
        assert_false(slice_name_is_valid(name));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(paths),
                cmocka_unit_test(the_longest_fits),
        };

        return cmocka_run_group_tests_name("slice", tests, NULL, NULL);
}
