/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"
#include "unit-name.h"

static void check(const char *path, bool rootless, const char *slice, const char *unit) {
        _cleanup_error_ Error error = ERROR_INIT;
        UnitName name;

        if (unit_name_parse(path, "id", rootless, &name, &error) < 0)
                fail_msg("%s: %s", path, error_message(&error));
        assert_string_equal(name.slice, slice);
        assert_string_equal(name.unit, unit);
}

static void refuse(const char *path) {
        _cleanup_error_ Error error = ERROR_INIT;
        UnitName name;

        assert_true(unit_name_parse(path, "id", false, &name, &error) < 0);
        assert_non_null(strstr(error_message(&error), "slice:prefix:name"));
}

static void names(void **state) {
        check("machine.slice:libpod:1234", false, "machine.slice", "libpod-1234.scope");
        check("a-b-c.slice:x:y", false, "a-b-c.slice", "x-y.scope");
        check(":x:y", false, "system.slice", "x-y.scope");
        check(":x:y", true, "user.slice", "x-y.scope");
        check("a.slice::y", false, "a.slice", "y.scope");
        check("::y", false, "system.slice", "y.scope");
        check("-:x:y", false, "-.slice", "x-y.scope");
        check("a.slice:x:a-b.slice", false, "a.slice", "a-b.slice");
        check("y", false, "system.slice", "y.scope");
        check("a.slice:y", false, "a.slice", "y.scope");
        check(NULL, false, "system.slice", "ctrrun-id.scope");
        check(NULL, true, "user.slice", "ctrrun-id.scope");
}

static void refusals(void **state) {
        static const char *const bad[] = { "", ":", "::", "a.slice:x:", "a:x:y", "a.slice:x:y:z", "/a/b", "a.slice/b.slice:x:y",
                                           "a.slice:x:y z", "a.slice:x:y'", "a--b.slice:x:y", "-a.slice:x:y", "a-.slice:x:y",
                                           ".slice:x:y", "a.slice:x:.slice", "a.slice:x:../y" };
        char longest[600];

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                refuse(bad[i]);
        memset(longest, 'x', sizeof(longest) - 1);
        longest[sizeof(longest) - 1] = 0;
        refuse(longest);
}

static void escapes(void **state) {
        UnitName name;

        assert_int_equal(unit_name_parse(NULL, "a+b", false, &name, NULL), 0);
        assert_string_equal(name.unit, "ctrrun-a\\x2bb.scope");
}

static void slices(void **state) {
        char path[64], tiny[8];

        assert_int_equal(unit_slice_path("a.slice", path, sizeof(path)), 0);
        assert_string_equal(path, "/a.slice");
        assert_int_equal(unit_slice_path("a-bc-d.slice", path, sizeof(path)), 0);
        assert_string_equal(path, "/a.slice/a-bc.slice/a-bc-d.slice");
        assert_int_equal(unit_slice_path("-.slice", path, sizeof(path)), 0);
        assert_string_equal(path, "/");
        assert_int_equal(unit_slice_path("a.scope", path, sizeof(path)), -EINVAL);
        assert_int_equal(unit_slice_path("a-b.slice", tiny, sizeof(tiny)), -ENAMETOOLONG);
}

int main(void) {
        const struct CMUnitTest tests[] = { T(names), T(refusals), T(escapes), T(slices) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
