/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>

#include "cgroup.h"
#include "test.h"

static void paths_that_are_valid(void **state) {
        static const char *const good[] = {
                "/", "/a", "/machine.slice/ctr-web.scope/payload", "/...", "/..a", "/a..", "/.a", "/a b", "/a\\x2d",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                if (!cgroup_path_is_valid(good[i]))
                        fail_msg("\"%s\" is refused", good[i]);
}

static void paths_that_could_lead_elsewhere(void **state) {
        static const char *const bad[] = {
                "", "a", "a/b", ".", "..", "//", "/a/", "/a//b", "//a", "/.", "/..", "/a/..", "/a/../b", "/./a", "/a/./b", "/a/.",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (cgroup_path_is_valid(bad[i]))
                        fail_msg("\"%s\" is taken", bad[i]);
}

static void lengths_have_an_end(void **state) {
        char path[PATH_MAX + 1], name[NAME_MAX + 3];

        memset(name, 'n', sizeof(name));
        name[0] = '/';
        name[NAME_MAX + 1] = 0;
        assert_true(cgroup_path_is_valid(name));
        name[NAME_MAX + 1] = 'n';
        name[NAME_MAX + 2] = 0;
        assert_false(cgroup_path_is_valid(name));

        for (size_t i = 0; i < PATH_MAX; i++)
                path[i] = i % 2 ? 'p' : '/';
        path[PATH_MAX] = 0;
        assert_false(cgroup_path_is_valid(path));
}

static void every_entry_refuses_a_bad_path(void **state) {
        unsigned n;

        assert_int_equal(cgroup_open("/../../etc"), -EINVAL);
        assert_int_equal(cgroup_open("machine.slice"), -EINVAL);
        assert_int_equal(cgroup_create("/a/../..", &n), -EINVAL);
        assert_int_equal(cgroup_create_below("/..", "x", &n), -EINVAL);
        assert_int_equal(cgroup_remove("/.."), -EINVAL);
        assert_int_equal(cgroup_create_random("/..", "x", NULL), -EINVAL);
}

/* The parent of a group that goes must not come back. */
static void nothing_is_made_below_what_is_not_there(void **state) {
        test_needs(SYS_openat2);
        static const char path[] = "/ctrd-test-no-such-group";
        unsigned n;
        int fd = cgroup_open("/");

        if (fd < 0)
                skip();
        close(fd);
        assert_int_equal(cgroup_create_below(path, "x", &n), -ENOENT);
        assert_int_equal(cgroup_create_below(path, "x/y", &n), -ENOENT);
        assert_int_equal(cgroup_open(path), -ENOENT);
        assert_int_equal(cgroup_create_below("/", "../x", &n), -EINVAL);
        assert_int_equal(cgroup_create_below("/", "x//y", &n), -EINVAL);
}

static void own_path_is_valid(void **state) {
        test_needs(SYS_openat2);
        _cleanup_free_ char *a = NULL, *b = NULL;
        int r = cgroup_of_pid(0, &a);

        if (r == -ENODATA)
                skip();
        assert_ok(r);
        assert_true(*a == '/');
        assert_ok(cgroup_of_pid(getpid(), &b));
        assert_string_equal(a, b);
}

static void nobody_has_no_path(void **state) {
        char *path = NULL;

        assert_true(cgroup_of_pid(INT32_MAX, &path) < 0);
        assert_null(path);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(paths_that_are_valid),
                T(paths_that_could_lead_elsewhere),
                T(lengths_have_an_end),
                T(every_entry_refuses_a_bad_path),
                T(own_path_is_valid), T(nothing_is_made_below_what_is_not_there),
                T(nobody_has_no_path),
        };

        return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
