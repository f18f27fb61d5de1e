/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clock.h"
#include "guest.h"
#include "test.h"

typedef struct Told {
        Loop loop;
        Guest guest;
        unsigned n;
        char last[WIRE_MAX];
        Timer end;
} Told;

static void tell(void *userdata) {
        Told *t = userdata;
        WireWriter w;

        wire_begin(&w);
        guest_put(&t->guest, &w);
        memcpy(t->last, w.data, w.size);
        t->last[w.size] = 0;
        t->n++;
}

static void ended(void *userdata) {
        loop_end(userdata);
}

static void say(Told *t, const char *text, bool booting) {
        NotifyMessage m;

        notify_parse(text, strlen(text), &m);
        guest_take(&t->guest, &m, booting);
}

static void told_init(Told *t) {
        *t = (Told){ .end = TIMER_INIT };
        assert_ok(loop_open(&t->loop));
        guest_init(&t->guest, &t->loop, tell, t);
}

static void told_clear(Told *t) {
        timer_disarm(&t->end);
        guest_close(&t->guest);
        loop_close(&t->loop);
}

static void what_is_no_news_is_not_told(void **state) {
        _cleanup_(told_clear) Told t;

        told_init(&t);
        say(&t, "READY=1\nSTATUS=", true);
        say(&t, "X_SYSTEMD_UNIT_ACTIVE=no-target.service", true);
        say(&t, "EXTEND_TIMEOUT_USEC=5000000", false);
        assert_int_equal(t.n, 0);
        say(&t, "STATUS=a", true);
        assert_int_equal(t.n, 1);
        assert_string_equal(t.last, "STATUS=a\nTARGET=\nEXTENDED_USEC=0\n");
        say(&t, "STATUS=a", true);
        assert_false(t.guest.waits);
}

static void a_flood_is_told_now_and_then(void **state) {
        _cleanup_(told_clear) Told t;
        char text[64];

        told_init(&t);
        for (unsigned i = 0; i < 10000; i++) {
                snprintf(text, sizeof(text), "STATUS=%u\nX_SYSTEMD_UNIT_ACTIVE=u%u.target", i, i);
                say(&t, text, true);
        }
        assert_int_equal(t.n, 1);
        assert_ok(timer_arm(&t.end, &t.loop, 700 * USEC_PER_MSEC, ended, &t.loop));
        assert_ok(loop_run(&t.loop));
        assert_int_equal(t.n, 2); /* and nothing is told where nothing is said */
        assert_string_equal(t.last, "STATUS=9999\nTARGET=u9999.target\nEXTENDED_USEC=0\n");
        say(&t, "STATUS=at once", true);
        assert_int_equal(t.n, 3);
        say(&t, "STATUS=last words", true);
        guest_flush(&t.guest);
        guest_flush(&t.guest);
        assert_int_equal(t.n, 4);
}

static void time_that_is_asked_for_only_grows(void **state) {
        _cleanup_(told_clear) Told t;
        uint64_t first;

        told_init(&t);
        say(&t, "EXTEND_TIMEOUT_USEC=5000000", true);
        first = t.guest.extended;
        assert_true(first > now_usec(CLOCK_MONOTONIC) && first <= now_usec(CLOCK_MONOTONIC) + 5 * USEC_PER_SEC);
        assert_int_equal(t.n, 1);
        say(&t, "EXTEND_TIMEOUT_USEC=1", true);
        assert_true(t.guest.extended == first);
        assert_false(t.guest.waits);
        say(&t, "EXTEND_TIMEOUT_USEC=18446744073709551615", true);
        assert_true(t.guest.extended == UINT64_MAX);
        guest_forget(&t.guest);
        assert_true(t.guest.extended == 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_no_news_is_not_told),
                cmocka_unit_test(a_flood_is_told_now_and_then),
                cmocka_unit_test(time_that_is_asked_for_only_grows),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
