/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who has a turn, and when. */

#include "queue.h"
#include "test.h"

static sd_event *event;
static Queue *queue;
static uint64_t max;
static char said[64]; /* whose turn came, in this order */

typedef struct Member {
        char name;
        uid_t uid;
        Turn *turn;
} Member;

static void on_turn(void *userdata) {
        const Member *m = userdata;

        assert_false(turn_is_waiting(m->turn));
        strncat(said, &m->name, 1);
}

static int setup(void **state) {
        max = 2;
        said[0] = 0;
        return sd_event_new(&event) < 0 || queue_new(event, &max, &queue) < 0 ? -1 : 0;
}

static int teardown(void **state) {
        queue = queue_free(queue);
        event = sd_event_unref(event);
        return 0;
}

static void look(void) {
        while (sd_event_run(event, 0) > 0)
                ;
}

/* At once or not. */
static bool join(Member *m, char name, uid_t uid) {
        m->name = name;
        m->uid = uid;
        assert_ok(queue_join(queue, uid, on_turn, m, &m->turn));
        return !turn_is_waiting(m->turn);
}

static void leave(Member *m) {
        m->turn = turn_free(m->turn);
}

static void what_is_more_waits_in_order(void **state) {
        Member m[5];

        assert_true(join(&m[0], 'a', 0));
        assert_true(join(&m[1], 'b', 0));
        for (int i = 2; i < 5; i++)
                assert_false(join(&m[i], (char) ('a' + i), 0));
        look();
        assert_string_equal(said, "");
        leave(&m[1]);
        assert_string_equal(said, "");
        look();
        assert_string_equal(said, "c");
        /* One that waits takes no turn when it leaves. */
        leave(&m[3]);
        look();
        assert_string_equal(said, "c");
        leave(&m[0]);
        leave(&m[2]);
        look();
        assert_string_equal(said, "ce");
        leave(&m[4]);
}

static void nobody_overtakes(void **state) {
        Member m[4];

        (void) join(&m[0], 'a', 0);
        (void) join(&m[1], 'b', 0);
        assert_false(join(&m[2], 'c', 0));
        leave(&m[0]);
        assert_false(join(&m[3], 'd', 0));
        look();
        assert_string_equal(said, "c");
        for (int i = 1; i < 4; i++)
                leave(&m[i]);
        look();
}

static void users_take_turns(void **state) {
        Member m[5];

        (void) join(&m[0], 'a', 0);
        (void) join(&m[1], 'b', 0);
        assert_false(join(&m[2], 'c', 0));
        assert_false(join(&m[3], 'd', 1000));
        assert_false(join(&m[4], 'e', 1000));
        leave(&m[0]);
        look();
        assert_string_equal(said, "d");
        leave(&m[1]);
        look();
        /* Neither has more than the other: who came first. But no user has both. */
        assert_string_equal(said, "dc");
        leave(&m[2]);
        look();
        assert_string_equal(said, "dc");
        leave(&m[3]);
        look();
        assert_string_equal(said, "dce");
        leave(&m[4]);
}

static void a_half_is_the_most_of_one_user(void **state) {
        Member m[16];
        int n;

        max = 16;
        for (n = 0; n < 9; n++)
                assert_int_equal(join(&m[n], 'x', 1000), n < 8);
        for (; n < 15; n++)
                assert_true(join(&m[n], 'y', 1001));
        /* Fourteen of sixteen: what is left is root's. */
        assert_false(join(&m[15], 'z', 1002));
        Member root[2];
        assert_true(join(&root[0], 'r', 0));
        assert_true(join(&root[1], 'r', 0));
        for (n = 0; n < 16; n++)
                leave(&m[n]);
        leave(&root[0]);
        leave(&root[1]);
        look();
}

static void who_pauses_does_not_count(void **state) {
        Member m[4];

        (void) join(&m[0], 'a', 0);
        (void) join(&m[1], 'b', 0);
        assert_false(join(&m[2], 'c', 0));
        turn_pause(m[2].turn); /* it waits already */
        assert_true(turn_is_waiting(m[2].turn));
        turn_pause(m[0].turn);
        look();
        assert_string_equal(said, "c");
        /* It goes on whatever the bound, and counts again. */
        turn_go_on(m[0].turn);
        turn_go_on(m[0].turn);
        assert_false(turn_is_waiting(m[0].turn));
        assert_false(join(&m[3], 'd', 0));
        leave(&m[1]);
        look();
        assert_string_equal(said, "c");
        leave(&m[2]);
        look();
        assert_string_equal(said, "cd");
        /* One that leaves while it pauses. */
        turn_pause(m[0].turn);
        leave(&m[0]);
        leave(&m[3]);
        turn_pause(NULL);
        turn_go_on(NULL);
        assert_false(turn_is_waiting(NULL));
}

static void the_bound_may_change(void **state) {
        Member m[3];

        max = 1;
        (void) join(&m[0], 'a', 1000);
        (void) join(&m[1], 'b', 0);
        (void) join(&m[2], 'c', 0);
        max = UINT64_MAX;
        queue_look(queue);
        look();
        assert_string_equal(said, "bc");
        for (int i = 0; i < 3; i++)
                leave(&m[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(what_is_more_waits_in_order, setup, teardown),
                cmocka_unit_test_setup_teardown(nobody_overtakes, setup, teardown),
                cmocka_unit_test_setup_teardown(users_take_turns, setup, teardown),
                cmocka_unit_test_setup_teardown(a_half_is_the_most_of_one_user, setup, teardown),
                cmocka_unit_test_setup_teardown(who_pauses_does_not_count, setup, teardown),
                cmocka_unit_test_setup_teardown(the_bound_may_change, setup, teardown),
        };

        return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
