/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "map.h"
#include "test.h"

#define KEYS 200

/* A naive map: an array in the order of insertion. */
typedef struct Model {
        char *keys[KEYS];
        size_t n;
} Model;

static size_t model_find(const Model *m, const char *key) {
        for (size_t i = 0; i < m->n; i++)
                if (streq(m->keys[i], key))
                        return i;
        return SIZE_MAX;
}

static void model_remove(Model *m, size_t i) {
        memmove(&m->keys[i], &m->keys[i + 1], (m->n - i - 1) * sizeof(char *));
        m->n--;
}

static void assert_same(const Map *map, const Model *model) {
        size_t n = 0;
        void *v;

        assert_int_equal(map_size(map), model->n);
        MAP_FOREACH(v, map) {
                assert_true(n < model->n);
                assert_ptr_equal(v, model->keys[n]);
                n++;
        }
        assert_int_equal(n, model->n);
}

static void empty_map_holds_nothing(void **state) {
        Map map = {};
        void *v;

        assert_int_equal(map_size(&map), 0);
        assert_null(map_get(&map, "a"));
        assert_null(map_get(&map, ""));
        assert_null(map_remove(&map, "a"));
        MAP_FOREACH(v, &map)
                fail();
        map_clear(&map);
        map_clear(&map);
}

static void key_may_be_there_once(void **state) {
        _cleanup_(map_clear) Map map = {};
        char a[] = "key", b[] = "key";

        assert_ok(map_put(&map, a, a));
        assert_int_equal(map_put(&map, b, b), -EEXIST);
        assert_ptr_equal(map_get(&map, "key"), a);
        assert_int_equal(map_size(&map), 1);
}

static void removed_key_can_be_put_again(void **state) {
        _cleanup_(map_clear) Map map = {};
        char a[] = "a", b[] = "b", a2[] = "a";
        void *v;

        assert_ok(map_put(&map, a, a));
        assert_ok(map_put(&map, b, b));
        assert_ptr_equal(map_remove(&map, "a"), a);
        assert_null(map_get(&map, "a"));
        assert_null(map_remove(&map, "a"));
        assert_ok(map_put(&map, a2, a2));
        assert_ptr_equal(map_get(&map, "a"), a2);

        size_t n = 0;
        MAP_FOREACH(v, &map)
                assert_ptr_equal(v, n++ == 0 ? (void *) b : (void *) a2);
}

static void cleared_map_can_be_used_again(void **state) {
        _cleanup_(map_clear) Map map = {};
        char a[] = "a";

        assert_ok(map_put(&map, a, a));
        map_clear(&map);
        assert_null(map_get(&map, "a"));
        assert_ok(map_put(&map, a, a));
        assert_int_equal(map_size(&map), 1);
}

static void random_operations_agree_with_a_naive_map(void **state) {
        static char names[KEYS][8];
        _cleanup_(map_clear) Map map = {};
        Model model = {};

        for (size_t i = 0; i < KEYS; i++)
                snprintf(names[i], sizeof(names[i]), "k%zu", i);

        for (unsigned round = 0; round < 40000; round++) {
                /* sometimes many keys are there, sometimes few */
                char *key = names[test_random() % (round / 5000 % 2 ? 12 : KEYS)];
                size_t at = model_find(&model, key);

                switch (test_random() % 4) {
                case 0:
                case 1:
                        assert_int_equal(map_put(&map, key, key), at == SIZE_MAX ? 0 : -EEXIST);
                        if (at == SIZE_MAX)
                                model.keys[model.n++] = key;
                        break;
                case 2:
                        assert_ptr_equal(map_remove(&map, key), at == SIZE_MAX ? NULL : key);
                        if (at != SIZE_MAX)
                                model_remove(&model, at);
                        break;
                default:
                        assert_ptr_equal(map_get(&map, key), at == SIZE_MAX ? NULL : key);
                }
                if (round % 37 == 0)
                        assert_same(&map, &model);
        }
        assert_same(&map, &model);
}

static void removing_while_walking_visits_each_entry_once(void **state) {
        for (unsigned round = 0; round < 200; round++) {
                _cleanup_(map_clear) Map map = {};
                char names[64][8];
                bool gone[64] = {}, seen[64] = {};
                char *v;

                for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                        snprintf(names[i], sizeof(names[i]), "%zu", i);
                        assert_ok(map_put(&map, names[i], names[i]));
                }
                MAP_FOREACH(v, &map) {
                        size_t i = (size_t) atoi(v), other = test_random() % ELEMENTSOF(names);

                        assert_false(seen[i]);
                        assert_false(gone[i]);
                        seen[i] = true;
                        if (test_random() % 2) {
                                assert_ptr_equal(map_remove(&map, v), v);
                                gone[i] = true;
                        }
                        if (test_random() % 2) {
                                (void) map_remove(&map, names[other]);
                                gone[other] = true;
                        }
                }
                for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                        assert_true(seen[i] || gone[i]);
                        assert_int_equal(map_get(&map, names[i]) == NULL, gone[i]);
                }
        }
}

static void filling_and_emptying_for_long_stays_small(void **state) {
        _cleanup_(map_clear) Map map = {};
        char names[8][4];

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                snprintf(names[i], sizeof(names[i]), "n%zu", i);
        for (unsigned round = 0; round < 20000; round++) {
                assert_ok(map_put(&map, names[round % 8], names[round % 8]));
                if (round >= 4)
                        assert_non_null(map_remove(&map, names[(round - 4) % 8]));
        }
        assert_true(map.n_room <= 64);
        assert_true(map.n_buckets <= 256);
        /* to look for what is not there must end */
        assert_null(map_get(&map, "none"));
}

static void ten_thousand_keys_are_all_found(void **state) {
        _cleanup_(map_clear) Map map = {};
        char(*names)[8] = calloc(10000, 8);

        for (size_t i = 0; i < 10000; i++) {
                snprintf(names[i], 8, "%zx", i);
                assert_ok(map_put(&map, names[i], names[i]));
        }
        for (size_t i = 0; i < 10000; i++)
                assert_ptr_equal(map_get(&map, names[i]), names[i]);
        assert_null(map_get(&map, "g"));
        assert_int_equal(map_size(&map), 10000);
        free(names);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(empty_map_holds_nothing),
                T(key_may_be_there_once),
                T(removed_key_can_be_put_again),
                T(cleared_map_can_be_used_again),
                T(random_operations_agree_with_a_naive_map),
                T(removing_while_walking_visits_each_entry_once),
                T(filling_and_emptying_for_long_stays_small),
                T(ten_thousand_keys_are_all_found),
        };

        return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
