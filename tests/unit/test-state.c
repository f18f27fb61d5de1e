/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "state.h"
#include "test.h"

#define NO _CONTAINER_STATE_INVALID
#define STOPPED CONTAINER_STOPPED
#define STARTING CONTAINER_STARTING
#define RUNNING CONTAINER_RUNNING
#define FROZEN CONTAINER_FROZEN
#define STOPPING CONTAINER_STOPPING
#define REBOOTING CONTAINER_REBOOTING
#define FAILED CONTAINER_FAILED
#define REMOVING CONTAINER_REMOVING

/* Written a second time, in another form: whoever changes the table says twice
 * that he means it. */
static const int expected[_CONTAINER_STATE_MAX][_CONTAINER_EVENT_MAX] = {
        /*               START     READY    STOP      FREEZE  THAW     REBOOT     ENDED    FAILED  REMOVE */
        [STOPPED]   = {  STARTING, NO,      NO,       NO,     NO,      NO,        NO,      NO,     REMOVING },
        [STARTING]  = {  NO,       RUNNING, STOPPING, NO,     NO,      REBOOTING, STOPPED, FAILED, NO },
        [RUNNING]   = {  NO,       NO,      STOPPING, FROZEN, RUNNING, REBOOTING, STOPPED, FAILED, NO },
        [FROZEN]    = {  NO,       NO,      STOPPING, FROZEN, RUNNING, REBOOTING, STOPPED, FAILED, NO },
        [STOPPING]  = {  NO,       NO,      STOPPING, NO,     NO,      REBOOTING, STOPPED, FAILED, NO },
        [REBOOTING] = {  NO,       RUNNING, STOPPING, NO,     NO,      REBOOTING, STOPPED, FAILED, NO },
        [FAILED]    = {  STARTING, NO,      NO,       NO,     NO,      NO,        NO,      NO,     REMOVING },
        [REMOVING]  = {  NO,       NO,      NO,       NO,     NO,      NO,        NO,      FAILED, NO },
};

static void every_cell_leads_where_it_should(void **state) {
        for (int s = 0; s < _CONTAINER_STATE_MAX; s++)
                for (int e = 0; e < _CONTAINER_EVENT_MAX; e++)
                        if ((int) container_state_next(s, e) != expected[s][e])
                                fail_msg("%s, event %d: %d", container_state_to_string(s), e, container_state_next(s, e));
}

static void what_is_no_state_or_event_leads_nowhere(void **state) {
        static const int odd[] = { -1, -EINVAL, INT32_MIN, 99, INT32_MAX };

        for (size_t i = 0; i < ELEMENTSOF(odd); i++) {
                assert_int_equal(container_state_next(odd[i], EVENT_START), NO);
                assert_int_equal(container_state_next(CONTAINER_STOPPED, odd[i]), NO);
                assert_null(container_state_to_string(odd[i]));
                assert_false(container_state_is_active(odd[i]));
        }
        assert_int_equal(container_state_next(_CONTAINER_STATE_MAX, EVENT_START), NO);
        assert_int_equal(container_state_next(CONTAINER_STOPPED, _CONTAINER_EVENT_MAX), NO);
}

static void every_state_is_reached_from_stopped(void **state) {
        bool seen[_CONTAINER_STATE_MAX] = { [STOPPED] = true };

        for (int round = 0; round < _CONTAINER_STATE_MAX; round++)
                for (int s = 0; s < _CONTAINER_STATE_MAX; s++)
                        for (int e = 0; seen[s] && e < _CONTAINER_EVENT_MAX; e++)
                                if (container_state_next(s, e) != NO)
                                        seen[container_state_next(s, e)] = true;
        for (int s = 0; s < _CONTAINER_STATE_MAX; s++)
                if (!seen[s])
                        fail_msg("nothing leads to %s", container_state_to_string(s));
}

static void every_state_can_come_to_an_end(void **state) {
        for (int s = 0; s < _CONTAINER_STATE_MAX; s++) {
                bool leaves = false;

                for (int e = 0; e < _CONTAINER_EVENT_MAX; e++)
                        leaves = leaves || (container_state_next(s, e) != NO && (int) container_state_next(s, e) != s);
                assert_true(leaves);
        }
}

static void every_event_happens_somewhere(void **state) {
        for (int e = 0; e < _CONTAINER_EVENT_MAX; e++) {
                bool somewhere = false;

                for (int s = 0; s < _CONTAINER_STATE_MAX; s++)
                        somewhere = somewhere || container_state_next(s, e) != NO;
                assert_true(somewhere);
        }
}

/* A monitor may vanish at any time, and a start or removal needs that there is none. */
static void active_states_end_and_others_start(void **state) {
        for (int s = 0; s < _CONTAINER_STATE_MAX; s++) {
                if (container_state_is_active(s)) {
                        assert_int_equal(container_state_next(s, EVENT_FAILED), FAILED);
                        assert_int_equal(container_state_next(s, EVENT_ENDED), STOPPED);
                        assert_int_equal(container_state_next(s, EVENT_STOP), STOPPING);
                        assert_int_equal(container_state_next(s, EVENT_START), NO);
                        assert_int_equal(container_state_next(s, EVENT_REMOVE), NO);
                } else {
                        assert_int_equal(container_state_next(s, EVENT_STOP), NO);
                        assert_int_equal(container_state_next(s, EVENT_READY), NO);
                        assert_int_equal(container_state_next(s, EVENT_FREEZE), NO);
                        assert_int_equal(container_state_next(s, EVENT_THAW), NO);
                }
        }
        assert_true(container_state_is_active(FROZEN));
        assert_false(container_state_is_active(STOPPED));
        assert_false(container_state_is_active(FAILED));
        assert_false(container_state_is_active(REMOVING));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(every_cell_leads_where_it_should),
                T(what_is_no_state_or_event_leads_nowhere),
                T(every_state_is_reached_from_stopped),
                T(every_state_can_come_to_an_end),
                T(every_event_happens_somewhere),
                T(active_states_end_and_others_start),
        };

        return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
