/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/ioctl.h>

#include "test.h"
#include "userns.h"

#define LAST (UINT32_MAX - 1) /* (uid_t) -1 is no id */

static void maps_that_are_fine(void **state) {
        assert_int_equal(id_map_check((IdMap[]){ { 0, 524288, 65536 } }, 1), 0);
        assert_int_equal(id_map_check((IdMap[]){ { 0, 0, UINT32_MAX } }, 1), 0);
        assert_int_equal(id_map_check((IdMap[]){ { LAST, LAST, 1 } }, 1), 0);
        /* neighbours on both sides, and crossed */
        assert_int_equal(id_map_check((IdMap[]){ { 0, 100, 10 }, { 10, 110, 10 } }, 2), 0);
        assert_int_equal(id_map_check((IdMap[]){ { 0, 110, 10 }, { 10, 100, 10 } }, 2), 0);
        assert_int_equal(id_map_check((IdMap[]){ { 10, 0, 1 }, { 0, 1, 10 }, { 11, 11, 1 } }, 3), 0);
}

static void empty_maps_are_refused(void **state) {
        assert_int_equal(id_map_check(NULL, 0), -EINVAL);
        assert_int_equal(id_map_check((IdMap[]){ { 0, 1, 0 } }, 1), -EINVAL);
        assert_int_equal(id_map_check((IdMap[]){ { 0, 1, 1 }, { 5, 5, 0 } }, 2), -EINVAL);
}

static void ids_past_the_last_are_refused(void **state) {
        assert_int_equal(id_map_check((IdMap[]){ { UINT32_MAX, 0, 1 } }, 1), -EINVAL);
        assert_int_equal(id_map_check((IdMap[]){ { 0, UINT32_MAX, 1 } }, 1), -EINVAL);
        assert_int_equal(id_map_check((IdMap[]){ { LAST, 0, 2 } }, 1), -EINVAL);
        assert_int_equal(id_map_check((IdMap[]){ { 0, LAST, 2 } }, 1), -EINVAL);
        assert_int_equal(id_map_check((IdMap[]){ { 1, 0, UINT32_MAX } }, 1), -EINVAL);
        assert_int_equal(id_map_check((IdMap[]){ { UINT32_MAX, 0, UINT32_MAX } }, 1), -EINVAL);
}

static void overlaps_are_refused_on_either_side(void **state) {
        assert_int_equal(id_map_check((IdMap[]){ { 0, 100, 10 }, { 9, 200, 10 } }, 2), -EINVAL);
        assert_int_equal(id_map_check((IdMap[]){ { 0, 100, 10 }, { 10, 109, 10 } }, 2), -EINVAL);
        assert_int_equal(id_map_check((IdMap[]){ { 5, 100, 1 }, { 0, 200, 10 } }, 2), -EINVAL);
        assert_int_equal(id_map_check((IdMap[]){ { 0, 0, 10 }, { 50, 50, 5 }, { 54, 70, 1 } }, 3), -EINVAL);
        assert_int_equal(id_map_check((IdMap[]){ { 0, 0, 1 }, { 0, 0, 1 } }, 2), -EINVAL);
}

static void kernel_has_a_largest_map(void **state) {
        IdMap map[ID_MAP_MAX + 1];

        for (uint32_t i = 0; i < ELEMENTSOF(map); i++)
                map[i] = (IdMap){ i, i, 1 };
        assert_int_equal(id_map_check(map, ID_MAP_MAX), 0);
        assert_int_equal(id_map_check(map, ID_MAP_MAX + 1), -E2BIG);
}

static void inside_of_each_edge(void **state) {
        static const IdMap map[] = { { 0, 1000, 1 }, { 1, 524288, 65535 }, { LAST, 7, 1 } };
        uint32_t id = 42;

        assert_ok(id_map_inside(map, 3, 1000, &id));
        assert_int_equal(id, 0);
        assert_ok(id_map_inside(map, 3, 524288 + 65534, &id));
        assert_int_equal(id, 65535);
        assert_ok(id_map_inside(map, 3, 7, &id));
        assert_int_equal(id, LAST);
        for (uint32_t outside = 999; outside <= 1001; outside += 2)
                assert_int_equal(id_map_inside(map, 3, outside, &id), -EINVAL);
        assert_int_equal(id_map_inside(map, 3, 524288 + 65535, &id), -EINVAL);
        assert_int_equal(id_map_inside(NULL, 0, 0, &id), -EINVAL);
        assert_int_equal(id, LAST);
}

static void outside_of_each_edge(void **state) {
        static const IdMap map[] = { { 0, 1000, 1 }, { 1, 524288, 65535 }, { LAST, 7, 1 } };
        uint32_t id = 42;

        assert_ok(id_map_outside(map, 3, 0, &id));
        assert_int_equal(id, 1000);
        assert_ok(id_map_outside(map, 3, 1, &id));
        assert_int_equal(id, 524288);
        assert_ok(id_map_outside(map, 3, 65535, &id));
        assert_int_equal(id, 524288 + 65534);
        assert_ok(id_map_outside(map, 3, LAST, &id));
        assert_int_equal(id, 7);
        assert_int_equal(id_map_outside(map, 3, 65536, &id), -EINVAL);
        assert_int_equal(id_map_outside(map, 3, UINT32_MAX, &id), -EINVAL);
        assert_int_equal(id_map_outside(NULL, 0, 0, &id), -EINVAL);
        assert_int_equal(id, 7);
}

static void own_map_covers_us(void **state) {
        test_needs(SYS_openat2);
        IdMap map[ID_MAP_MAX];
        size_t n = 0;
        uint32_t outside;

        assert_ok(userns_read_map(getpid(), "uid_map", map, ELEMENTSOF(map), &n));
        assert_true(n > 0);
        assert_int_equal(id_map_check(map, n), 0);
        assert_ok(id_map_outside(map, n, getuid(), &outside));
        assert_int_equal(userns_read_map(getpid(), "uid_map", map, 0, &n), -E2BIG);
        assert_true(userns_read_map(INT32_MAX, "uid_map", map, ELEMENTSOF(map), &n) < 0);
}

static void bad_map_is_told_and_nothing_is_left(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;
        const IdMap map = { 0, 0, 0 };
        size_t before = test_count_fds();

        if (test_on_valgrind())
                skip();
        int fd = userns_open(&map, 1, &map, 1, &e);
        assert_true(fd < 0);
        if (e.errnum == EPERM || e.errnum == ENOSPC)
                skip();
        test_assert_error(&e, EINVAL, NULL, "id map");
        assert_int_equal(test_count_fds(), before);
}

static void namespace_without_a_process_is_made(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;
        const IdMap map = { 0, 524288, 65536 };
        size_t before = test_count_fds();
        struct stat st, own;

        if (test_on_valgrind() || getuid() != 0)
                skip();
        int fd = userns_open(&map, 1, &map, 1, &e);
        if (fd == -EPERM)
                skip();
        assert_ok(fd);
        assert_ok(fstat(fd, &st));
        assert_ok(stat("/proc/self/ns/user", &own));
        assert_int_not_equal(st.st_ino, own.st_ino);
        assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        fd_close(fd);
        assert_int_equal(test_count_fds(), before);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(maps_that_are_fine),
                T(empty_maps_are_refused),
                T(ids_past_the_last_are_refused),
                T(overlaps_are_refused_on_either_side),
                T(kernel_has_a_largest_map),
                T(inside_of_each_edge),
                T(outside_of_each_edge),
                T(own_map_covers_us),
                T(bad_map_is_told_and_nothing_is_left),
                T(namespace_without_a_process_is_made),
        };

        return cmocka_run_group_tests_name("userns", tests, NULL, NULL);
}
