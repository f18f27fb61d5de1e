/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "roster.h"
#include "strv.h"
#include "test.h"

/* What was told, a word each. */
static char **told;

static void on_told(RosterChange change, const RosterEntry *e, void *userdata) {
        static const char *const words[] = { "found", "added", "state", "removed" };

        assert_ptr_equal(userdata, &told);
        assert_ok(strv_extendf(&told, "%s %s %s %s %d;", words[change], e->name, e->state, e->exit_reason, e->exit_status));
}

static void assert_told(const char *expected) {
        _cleanup_free_ char *text = strv_join(told, " ");

        assert_string_equal(strempty(text), expected);
        told = strv_free(told);
}

static Roster roster;

static int setup(void **state) {
        roster = (Roster){ .told = on_told, .userdata = &told };
        return 0;
}

static int teardown(void **state) {
        roster_clear(&roster);
        told = strv_free(told);
        return 0;
}

static void add(const char *name, const char *state) {
        assert_ok(roster_add(&roster, name, &(RosterNews){ .state = state }));
}

static void list_of(const char *name, const char *state) {
        roster_begin_list(&roster);
        if (name)
                add(name, state);
        roster_end_list(&roster);
}

static void the_first_list_is_found_and_later_ones_are_compared(void **state) {
        roster_begin_list(&roster);
        add("one", "running");
        add("two", "stopped");
        roster_end_list(&roster);
        assert_told("found one running  0; found two stopped  0;");

        roster_begin_list(&roster);
        add("one", "running");
        add("three", "stopped");
        roster_end_list(&roster);
        assert_told("added three stopped  0; removed two stopped  0;");
        assert_null(roster_get(&roster, "two"));
        assert_string_equal(roster_get(&roster, "one")->state, "running");
}

static void what_differs_after_a_list_is_a_change(void **state) {
        list_of("one", "running");
        assert_told("found one running  0;");
        list_of("one", "failed");
        assert_told("state one failed  0;");
        list_of("one", "failed");
        assert_told("");
        list_of(NULL, NULL);
        assert_told("removed one failed  0;");
}

static void an_empty_list_is_a_list(void **state) {
        list_of(NULL, NULL);
        assert_true(roster.complete);
        add("one", "stopped");
        assert_told("added one stopped  0;");
        /* It came after the list had begun, and is in no other yet. */
        list_of("one", "stopped");
        assert_told("");
}

static void how_it_ended_is_known_with_the_state(void **state) {
        int status = 3;

        list_of("one", "running");
        assert_told("found one running  0;");
        assert_ok(roster_change(&roster, "one", &(RosterNews){ .exit_reason = "exited", .exit_status = &status }));
        assert_told("");
        assert_ok(roster_change(&roster, "one", &(RosterNews){ .state = "failed" }));
        assert_told("state one failed exited 3;");

        status = 9;
        assert_ok(roster_change(&roster, "one", &(RosterNews){ .state = "stopped", .exit_reason = "killed", .exit_status = &status }));
        assert_told("state one stopped killed 9;");
        assert_ok(roster_change(&roster, "one", &(RosterNews){ .state = "stopped" }));
        assert_told("");
}

static void of_strangers_nothing_is_taken(void **state) {
        list_of(NULL, NULL);
        assert_ok(roster_change(&roster, "one", &(RosterNews){ .state = "running" }));
        roster_remove(&roster, "one");
        assert_told("");
        assert_null(roster_get(&roster, "one"));
}

static void one_that_is_made_again_is_another(void **state) {
        int status = 3;

        list_of("one", "running");
        assert_ok(roster_change(&roster, "one", &(RosterNews){ .exit_reason = "exited", .exit_status = &status }));
        roster_remove(&roster, "one");
        add("one", "stopped");
        assert_told("found one running  0; removed one running exited 3; added one stopped  0;");
}

#define T_ROSTER(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                T_ROSTER(the_first_list_is_found_and_later_ones_are_compared),
                T_ROSTER(what_differs_after_a_list_is_a_change),
                T_ROSTER(an_empty_list_is_a_list),
                T_ROSTER(how_it_ended_is_known_with_the_state),
                T_ROSTER(of_strangers_nothing_is_taken),
                T_ROSTER(one_that_is_made_again_is_another),
        };

        return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
