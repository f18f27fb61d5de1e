/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "idrange.h"
#include "test.h"

#define _cleanup_set_ _cleanup_(idrange_set_clear)

static void nothing_overlaps_an_empty_set(void **state) {
        _cleanup_set_ IdRangeSet set = {};

        assert_false(idrange_set_overlaps(&set, 0, UINT32_MAX));
        idrange_set_clear(&set);
        idrange_set_clear(&set);
}

static void neighbours_do_not_overlap(void **state) {
        _cleanup_set_ IdRangeSet set = {};

        assert_ok(idrange_set_add(&set, 1000, 100));
        assert_false(idrange_set_overlaps(&set, 900, 100));
        assert_false(idrange_set_overlaps(&set, 1100, 100));
        assert_true(idrange_set_overlaps(&set, 901, 100));
        assert_true(idrange_set_overlaps(&set, 1099, 1));
        assert_true(idrange_set_overlaps(&set, 1000, 1));
        assert_true(idrange_set_overlaps(&set, 0, 5000));
        assert_true(idrange_set_overlaps(&set, 1050, 1));
        assert_false(idrange_set_overlaps(&set, 999, 1));
}

#define LAST (IDRANGE_END - IDRANGE_COUNT)

static void end_of_the_ids_does_not_wrap(void **state) {
        _cleanup_set_ IdRangeSet set = {};

        assert_ok(idrange_set_add(&set, UINT32_MAX - 10, 100));
        assert_true(idrange_set_overlaps(&set, UINT32_MAX, 1));
        assert_false(idrange_set_overlaps(&set, 0, 1000));
        assert_ok(idrange_set_add(&set, 5, 5));
        assert_false(idrange_set_overlaps(&set, 10, 1000));
        assert_true(idrange_set_overlaps(&set, 9, UINT32_MAX));
}

static void empty_range_takes_nothing(void **state) {
        _cleanup_set_ IdRangeSet set = {};

        assert_ok(idrange_set_add(&set, 1000, 0));
        assert_false(idrange_set_overlaps(&set, 0, UINT32_MAX));
}

static void pick_is_aligned_and_within_bounds(void **state) {
        _cleanup_set_ IdRangeSet set = {};

        for (unsigned i = 0; i < 10000; i++) {
                char name[16];
                uint32_t base;

                snprintf(name, sizeof(name), "n%u", i);
                assert_ok(idrange_set_pick(&set, name, IDRANGE_COUNT, &base));
                assert_int_equal(base % 65536, 0);
                assert_true(base >= IDRANGE_FIRST && base <= LAST);
        }
}

static void pick_is_the_same_for_the_same_name(void **state) {
        _cleanup_set_ IdRangeSet set = {};
        uint32_t a, b, c;

        assert_ok(idrange_set_pick(&set, "web", IDRANGE_COUNT, &a));
        assert_ok(idrange_set_pick(&set, "web", IDRANGE_COUNT, &b));
        assert_ok(idrange_set_pick(&set, "db", IDRANGE_COUNT, &c));
        assert_int_equal(a, b);
        assert_int_not_equal(a, c);
}

static void picks_never_overlap_each_other_or_what_was_there(void **state) {
        _cleanup_set_ IdRangeSet set = {};

        /* subordinate ids of users, not aligned to anything */
        for (unsigned i = 0; i < 200; i++)
                assert_ok(idrange_set_add(&set, IDRANGE_FIRST + (uint32_t) (test_random() % (LAST - IDRANGE_FIRST)),
                                          1 + (uint32_t) (test_random() % 200000)));
        for (unsigned i = 0; i < 400; i++) {
                char name[16];
                uint32_t base;

                snprintf(name, sizeof(name), "c%u", i % 50); /* often the same place to begin at */
                assert_ok(idrange_set_pick(&set, name, IDRANGE_COUNT, &base));
                assert_false(idrange_set_overlaps(&set, base, IDRANGE_COUNT));
                assert_ok(idrange_set_add(&set, base, IDRANGE_COUNT));
        }
}

static void last_free_range_is_found(void **state) {
        static const uint32_t holes[] = { IDRANGE_FIRST, LAST, IDRANGE_FIRST + 12345 * IDRANGE_COUNT };

        for (size_t i = 0; i < ELEMENTSOF(holes); i++) {
                _cleanup_set_ IdRangeSet set = {};
                uint32_t base;

                assert_ok(idrange_set_add(&set, 0, holes[i]));
                assert_ok(idrange_set_add(&set, holes[i] + IDRANGE_COUNT, UINT32_MAX - holes[i] - IDRANGE_COUNT));
                assert_ok(idrange_set_pick(&set, "web", IDRANGE_COUNT, &base));
                assert_int_equal(base, holes[i]);
        }
}

static void none_free_is_busy(void **state) {
        _cleanup_set_ IdRangeSet set = {};
        uint32_t base = 42;

        assert_ok(idrange_set_add(&set, 0, UINT32_MAX));
        assert_int_equal(idrange_set_pick(&set, "web", IDRANGE_COUNT, &base), -EBUSY);
        assert_int_equal(base, 42);
}

/* One id in the middle of each slot is enough. */
static void one_id_takes_a_whole_slot(void **state) {
        const uint32_t last = LAST - 300 * IDRANGE_COUNT;
        _cleanup_set_ IdRangeSet set = {};
        uint32_t base;

        assert_ok(idrange_set_add(&set, 0, last));
        for (uint64_t at = last; at <= LAST; at += IDRANGE_COUNT)
                assert_ok(idrange_set_add(&set, (uint32_t) at + 777, 1));
        assert_int_equal(idrange_set_pick(&set, "web", IDRANGE_COUNT, &base), -EBUSY);
        set.n--;
        assert_ok(idrange_set_pick(&set, "web", IDRANGE_COUNT, &base));
        assert_int_equal(base, LAST);
}

static void larger_ranges_fit_between_smaller_ones(void **state) {
        const uint32_t hole = IDRANGE_FIRST + 777 * IDRANGE_COUNT;
        _cleanup_set_ IdRangeSet set = {};
        uint32_t base;

        /* A hole of three, and one of two at the end. */
        assert_ok(idrange_set_add(&set, 0, hole));
        assert_ok(idrange_set_add(&set, hole + 3 * IDRANGE_COUNT, LAST - IDRANGE_COUNT - hole - 3 * IDRANGE_COUNT));
        for (size_t i = 0; i < 20; i++) {
                char name[16];

                snprintf(name, sizeof(name), "n%zu", i);
                assert_ok(idrange_set_pick(&set, name, 3 * IDRANGE_COUNT, &base));
                assert_int_equal(base, hole);
                assert_ok(idrange_set_pick(&set, name, 2 * IDRANGE_COUNT, &base));
                assert_true(base == hole || base == hole + IDRANGE_COUNT || base == LAST - IDRANGE_COUNT);
        }
        assert_int_equal(idrange_set_pick(&set, "web", 4 * IDRANGE_COUNT, &base), -EBUSY);
        /* The whole range, and no more of it than there is. */
        idrange_set_clear(&set);
        assert_ok(idrange_set_pick(&set, "web", IDRANGE_END - IDRANGE_FIRST, &base));
        assert_int_equal(base, IDRANGE_FIRST);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(nothing_overlaps_an_empty_set),
                T(neighbours_do_not_overlap),
                T(end_of_the_ids_does_not_wrap),
                T(empty_range_takes_nothing),
                T(pick_is_aligned_and_within_bounds),
                T(pick_is_the_same_for_the_same_name),
                T(picks_never_overlap_each_other_or_what_was_there),
                T(last_free_range_is_found),
                T(none_free_is_busy),
                T(one_id_takes_a_whole_slot),
                T(larger_ranges_fit_between_smaller_ones),
        };

        return cmocka_run_group_tests_name("idrange", tests, NULL, NULL);
}
