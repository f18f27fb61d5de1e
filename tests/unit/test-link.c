/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/socket.h>

#include "link.h"
#include "socket.h"
#include "strv.h"
#include "test.h"

/* What the owner was told, a word each: compared as one string. */
typedef struct Owner {
        sd_event *event;
        MonitorLink *link;
        int peer;
        char **told;
        bool free_at_once; /* the owner frees the link from whatever it is told */
} Owner;

static void tell(Owner *o, const char *format, ...) {
        va_list ap;
        char *text = NULL;

        va_start(ap, format);
        assert_true(vasprintf(&text, format, ap) >= 0);
        va_end(ap);
        assert_ok(strv_consume(&o->told, text));
        if (o->free_at_once)
                o->link = monitor_link_free(o->link);
}

static void on_phase(const MonitorStatus *s, bool snapshot, void *userdata) {
        tell(userdata, "%s %s %d \"%s\" %llu %llu%s", snapshot ? "snapshot" : "phase", monitor_phase_to_string(s->phase), (int) s->leader,
             s->guest.status, (unsigned long long) s->started_usec, (unsigned long long) s->ready_usec,
             s->frozen ? " frozen" : s->host_stops ? " host-stops" : "");
}

static void on_guest(const GuestWords *words, void *userdata) {
        tell(userdata, "status \"%s\" \"%s\" %llu", words->status, words->target, (unsigned long long) words->extended_usec);
}

static void on_failed(Error *error, void *userdata) {
        assert_true(error_has_name(error, "StartFailed"));
        tell(userdata, "failed %d \"%s\"", error->errnum, error_message(error));
}

static void on_exited(ExitReason reason, int code, uint64_t timestamp, void *userdata) {
        tell(userdata, "exited %s %d %llu", exit_reason_to_string(reason), code, (unsigned long long) timestamp);
}

static void on_closed(void *userdata) {
        Owner *o = userdata;

        tell(o, "closed");
        o->link = monitor_link_free(o->link);
}

static void on_refusal(const Error *error, void *userdata) {
        tell(userdata, "%s", error->name ?: "-");
}

static void on_reply(const Error *error, void *userdata) {
        tell(userdata, "reply %d \"%s\"", error->errnum, error_is_set(error) ? error_message(error) : "");
}

static const MonitorLinkOps ops = {
        .phase = on_phase, .guest = on_guest, .failed = on_failed, .exited = on_exited, .closed = on_closed,
};

static void owner_init(Owner *o) {
        int pair[2];

        *o = (Owner){};
        assert_ok(sd_event_new(&o->event));
        assert_ok(socket_pair(SOCK_SEQPACKET, pair));
        o->peer = pair[1];
        assert_ok(fd_set_nonblock(o->peer, true));
        assert_ok(monitor_link_new(o->event, pair[0], &ops, o, &o->link));
}

static void owner_clear(Owner *o) {
        o->free_at_once = false;
        monitor_link_free(o->link);
        fd_close(o->peer);
        strv_free(o->told);
        sd_event_unref(o->event);
}
#define _cleanup_owner_ _cleanup_(owner_clear)

static void turn(Owner *o) {
        while (sd_event_run(o->event, 0) > 0)
                ;
}

static void say(Owner *o, const char *text) {
        assert_ok(fd_send(o->peer, text, strlen(text), NULL, 0));
}

static void assert_told(Owner *o, const char *expected) {
        turn(o);
        _cleanup_free_ char *told = strv_join(o->told, "; ");
        assert_string_equal(told, expected);
}

static void snapshot_and_phases_are_told(void **state) {
        _cleanup_owner_ Owner o;

        owner_init(&o);
        say(&o, "EVENT=snapshot\nPHASE=idle\nLEADER=0\nSTATUS=\nSTARTED_USEC=0\nREADY_USEC=0\n");
        say(&o, "EVENT=phase\nPHASE=ready\nLEADER=4711\nSTATUS=all is well\nSTARTED_USEC=1700000000000000\nREADY_USEC=18446744073709551615\n");
        assert_told(&o, "snapshot idle 0 \"\" 0 0; phase ready 4711 \"all is well\" 1700000000000000 18446744073709551615");
}

static void what_is_not_said_is_nothing(void **state) {
        _cleanup_owner_ Owner o;

        owner_init(&o);
        say(&o, "EVENT=snapshot\nPHASE=running");
        assert_told(&o, "snapshot running 0 \"\" 0 0");
}

/* A monitor of an earlier version does not say it. */
static void frozen_is_told(void **state) {
        _cleanup_owner_ Owner o;

        owner_init(&o);
        say(&o, "EVENT=snapshot\nPHASE=ready\nFROZEN=yes\n");
        say(&o, "EVENT=phase\nPHASE=ready\nFROZEN=no\n");
        say(&o, "EVENT=phase\nPHASE=stopping\n");
        assert_told(&o, "snapshot ready 0 \"\" 0 0 frozen; phase ready 0 \"\" 0 0; phase stopping 0 \"\" 0 0");
}

static void a_stop_of_the_host_is_told(void **state) {
        _cleanup_owner_ Owner o;

        owner_init(&o);
        say(&o, "EVENT=snapshot\nPHASE=ready\nHOST_STOPS=no\n");
        say(&o, "EVENT=phase\nPHASE=ready\nHOST_STOPS=yes\n");
        assert_told(&o, "snapshot ready 0 \"\" 0 0; phase ready 0 \"\" 0 0 host-stops");
}

static void every_phase_is_understood(void **state) {
        for (MonitorPhase p = 0; p < _MONITOR_PHASE_MAX; p++) {
                _cleanup_owner_ Owner o;
                char text[64], expected[64];

                owner_init(&o);
                snprintf(text, sizeof(text), "EVENT=phase\nPHASE=%s\n", monitor_phase_to_string(p));
                snprintf(expected, sizeof(expected), "phase %s 0 \"\" 0 0", monitor_phase_to_string(p));
                say(&o, text);
                assert_told(&o, expected);
        }
}

static void status_failure_and_end_are_told(void **state) {
        _cleanup_owner_ Owner o;

        owner_init(&o);
        say(&o, "EVENT=status\nSTATUS=a=b\n");
        say(&o, "EVENT=failed\nSTAGE=create\nERRNO=2\nMESSAGE=no such file\n");
        say(&o, "EVENT=exited\nREASON=signaled\nCODE=9\nTIMESTAMP_USEC=5\n");
        assert_told(&o, "status \"a=b\" \"\" 0; failed 2 \"no such file\"; exited signaled 9 5");
        assert_non_null(o.link);
}

static void failure_without_words_is_one_all_the_same(void **state) {
        _cleanup_owner_ Owner o;

        owner_init(&o);
        say(&o, "EVENT=failed\nSTAGE=create\n");
        say(&o, "EVENT=failed\nERRNO=0\nMESSAGE=x\n");
        assert_told(&o, "failed 5 \"create\"; failed 5 \"x\"");
}

static void later_versions_may_say_more(void **state) {
        _cleanup_owner_ Owner o;

        owner_init(&o);
        say(&o, "EVENT=applause\nLOUDNESS=very\n");
        say(&o, "EVENT=status\nMOOD=good\nSTATUS=x\n");
        assert_told(&o, "status \"x\" \"\" 0");
        assert_non_null(o.link);
}

static void replies_come_in_order(void **state) {
        _cleanup_owner_ Owner o;
        WireWriter w;
        char data[WIRE_MAX];

        owner_init(&o);
        wire_begin(&w);
        wire_put(&w, "COMMAND", "create");
        assert_ok(monitor_link_send(o.link, &w, NULL, 0, on_reply, &o));
        assert_ok(monitor_link_command(o.link, "start")); /* of which nobody wants to hear */
        assert_ok(monitor_link_send(o.link, &w, NULL, 0, on_reply, &o));
        assert_int_equal(fd_receive(o.peer, data, sizeof(data), NULL, 0, NULL), 15);
        assert_memory_equal(data, "COMMAND=create\n", 15);
        assert_int_equal(fd_receive(o.peer, data, sizeof(data), NULL, 0, NULL), 14);
        assert_memory_equal(data, "COMMAND=start\n", 14);

        say(&o, "EVENT=reply\nCOMMAND=create\nERRNO=0\n");
        say(&o, "EVENT=reply\nCOMMAND=start\nERRNO=1\nMESSAGE=unheard\n");
        say(&o, "EVENT=status\nSTATUS=between\nTARGET=basic.target\nEXTENDED_USEC=77\n");
        say(&o, "EVENT=reply\nCOMMAND=create\nERRNO=16\nMESSAGE=busy with it\n");
        assert_told(&o, "reply 0 \"\"; status \"between\" \"basic.target\" 77; reply 16 \"busy with it\"");
}

static void error_without_words_has_those_of_its_number(void **state) {
        _cleanup_owner_ Owner o;
        WireWriter w;

        owner_init(&o);
        wire_begin(&w);
        assert_ok(monitor_link_send(o.link, &w, NULL, 0, on_reply, &o));
        say(&o, "EVENT=reply\nERRNO=16\n");
        assert_told(&o, "reply 16 \"Device or resource busy\"");
}

static void earlier_monitor_is_told_from_a_refusal(void **state) {
        _cleanup_owner_ Owner o;
        char expected[160];
        WireWriter w;

        owner_init(&o);
        wire_begin(&w);
        wire_put(&w, "COMMAND", "fly");
        assert_ok(monitor_link_send(o.link, &w, NULL, 0, on_reply, &o));
        say(&o, "EVENT=reply\nCOMMAND=\nERRNO=22\nMESSAGE=There is no command fly.\n");
        snprintf(expected, sizeof(expected), "reply %d \"the container's monitor is of an earlier version, which cannot do that: "
                 "restart the container\"", EOPNOTSUPP);
        assert_told(&o, expected);
}

static void forgotten_ones_are_not_told(void **state) {
        _cleanup_owner_ Owner o;
        int other;

        owner_init(&o);
        for (int i = 0; i < 2; i++) {
                WireWriter w;

                wire_begin(&w);
                wire_put(&w, "COMMAND", i == 0 ? "mount" : "freeze");
                assert_ok(monitor_link_send(o.link, &w, NULL, 0, on_reply, &o));
        }
        monitor_link_forget(o.link, &other);
        say(&o, "EVENT=reply\nCOMMAND=mount\nERRNO=0\n");
        assert_told(&o, "reply 0 \"\"");
        monitor_link_forget(o.link, &o);
        say(&o, "EVENT=reply\nCOMMAND=freeze\nERRNO=0\n");
        assert_told(&o, "reply 0 \"\"");
}

static void descriptors_go_along_and_stay_ours(void **state) {
        _cleanup_owner_ Owner o;
        WireWriter w;
        char data[WIRE_MAX];
        int got[2], own[] = { 0, 0 };
        size_t n;

        owner_init(&o);
        wire_begin(&w);
        wire_put(&w, "COMMAND", "attach");
        size_t before = test_count_fds();
        assert_ok(monitor_link_send(o.link, &w, own, 2, NULL, NULL));
        assert_int_equal(test_count_fds(), before);
        assert_true(fd_receive(o.peer, data, sizeof(data), got, 2, &n) > 0);
        assert_int_equal(n, 2);
        fd_close(got[0]);
        fd_close(got[1]);
}

static void message_that_overflowed_is_not_sent(void **state) {
        _cleanup_owner_ Owner o;
        WireWriter w = { .overflow = true };
        char data[8];

        owner_init(&o);
        assert_int_equal(monitor_link_send(o.link, &w, NULL, 0, on_reply, &o), -EMSGSIZE);
        assert_int_equal(fd_receive(o.peer, data, sizeof(data), NULL, 0, NULL), -EAGAIN);
        assert_told(&o, "");
}

static void there_is_a_most_of_what_may_wait(void **state) {
        _cleanup_owner_ Owner o;
        unsigned n = 0;
        int r;

        owner_init(&o);
        while ((r = monitor_link_command(o.link, "start")) >= 0) {
                char data[64];

                assert_true(++n <= 1000);
                assert_true(fd_receive(o.peer, data, sizeof(data), NULL, 0, NULL) > 0);
        }
        assert_int_equal(r, -EBUSY);
        assert_true(n >= 16);
        /* one answer makes room for one, again and again */
        for (unsigned i = 0; i < 3 * n; i++) {
                char data[64];

                say(&o, "EVENT=reply\nERRNO=0\n");
                turn(&o);
                assert_ok(monitor_link_command(o.link, "stop"));
                assert_int_equal(monitor_link_command(o.link, "stop"), -EBUSY);
                assert_true(fd_receive(o.peer, data, sizeof(data), NULL, 0, NULL) > 0);
        }
}

static void refusals_have_names(void **state) {
        static const int errnums[] = { EBUSY, EALREADY, ECANCELED, EOPNOTSUPP, ESRCH, EUSERS, EIO };
        _cleanup_owner_ Owner o;
        WireWriter w;

        owner_init(&o);
        wire_begin(&w);
        wire_put(&w, "COMMAND", "freeze");
        for (size_t i = 0; i < ELEMENTSOF(errnums); i++) {
                char text[64];

                assert_ok(monitor_link_send(o.link, &w, NULL, 0, on_refusal, &o));
                snprintf(text, sizeof(text), "EVENT=reply\nCOMMAND=freeze\nERRNO=%d\nMESSAGE=x\n", errnums[i]);
                say(&o, text);
        }
        assert_told(&o, "Busy; Busy; Canceled; NotSupported; NotRunning; LimitsExceeded; -");
}

static void nonsense_closes_the_link(void **state) {
        static const char *const nonsense[] = {
                "hello", "\n", "=x\n", "PHASE=ready\n", "EVENT=snapshot\n", "EVENT=phase\nPHASE=flying\n", "EVENT=exited\n",
                "EVENT=exited\nREASON=bored\n", "EVENT=phase\nPHASE=ready\nLEADER=-1\n", "EVENT=phase\nPHASE=ready\nLEADER=many\n",
                "EVENT=phase\nPHASE=ready\nLEADER=18446744073709551616\n", "EVENT=phase\nPHASE=ready\nLEADER=4294967295\n",
                "EVENT=reply\nERRNO=0\n" /* to nothing */, "EVENT=exited\nREASON=exited\nCODE=4294967296\n",
                "EVENT=failed\nERRNO=99999999999\n", "EVENT=status\nSTATUS=x\n\nFORGED=1\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(nonsense); i++) {
                _cleanup_owner_ Owner o;

                owner_init(&o);
                say(&o, nonsense[i]);
                say(&o, "EVENT=status\nSTATUS=never heard\n");
                turn(&o);
                _cleanup_free_ char *told = strv_join(o.told, "; ");
                if (!streq(told, "closed"))
                        fail_msg("%s: %s", nonsense[i], told);
                assert_null(o.link);
        }
}

static void nul_byte_is_nonsense(void **state) {
        _cleanup_owner_ Owner o;

        owner_init(&o);
        assert_ok(fd_send(o.peer, "EVENT=status\nSTATUS=a\0b\n", 24, NULL, 0));
        assert_told(&o, "closed");
}

static void message_of_the_largest_size_is_heard_and_a_larger_is_nonsense(void **state) {
        _cleanup_owner_ Owner a, b;
        char text[WIRE_MAX + 2];

        memset(text, 'x', sizeof(text));
        memcpy(text, "EVENT=applause\nNOISE=", 21);
        text[WIRE_MAX] = 0;
        owner_init(&a);
        say(&a, text);
        assert_told(&a, "");
        text[WIRE_MAX] = 'x';
        text[WIRE_MAX + 1] = 0;
        owner_init(&b);
        say(&b, text);
        assert_told(&b, "closed");
}

static void descriptors_from_a_monitor_are_nonsense_and_closed(void **state) {
        _cleanup_owner_ Owner o;
        int fd = 0;

        owner_init(&o);
        size_t before = test_count_fds();
        assert_ok(fd_send(o.peer, "EVENT=status\nSTATUS=x\n", 22, &fd, 1));
        assert_told(&o, "closed");
        assert_int_equal(test_count_fds(), before - 1); /* ours */
}

static void end_of_the_monitor_closes_the_link(void **state) {
        _cleanup_owner_ Owner o;

        owner_init(&o);
        say(&o, "EVENT=exited\nREASON=poweroff\nCODE=0\nTIMESTAMP_USEC=1\n");
        o.peer = fd_close(o.peer);
        assert_told(&o, "exited poweroff 0 1; closed");
}

static void pending_replies_get_an_error_when_the_link_goes(void **state) {
        _cleanup_owner_ Owner o;
        WireWriter w;

        owner_init(&o);
        wire_begin(&w);
        assert_ok(monitor_link_send(o.link, &w, NULL, 0, on_reply, &o));
        assert_ok(monitor_link_command(o.link, "start"));
        assert_ok(monitor_link_send(o.link, &w, NULL, 0, on_reply, &o));
        o.peer = fd_close(o.peer);
        assert_told(&o, "closed; reply 104 \"the container's monitor has gone\"; reply 104 \"the container's monitor has gone\"");
}

static void pending_replies_get_an_error_when_the_owner_frees(void **state) {
        _cleanup_owner_ Owner o;
        WireWriter w;

        owner_init(&o);
        wire_begin(&w);
        assert_ok(monitor_link_send(o.link, &w, NULL, 0, on_reply, &o));
        o.link = monitor_link_free(o.link);
        assert_told(&o, "reply 104 \"the container's monitor has gone\"");
}

static void owner_may_free_from_anything_it_is_told(void **state) {
        static const char *const messages[] = {
                "EVENT=snapshot\nPHASE=idle\n", "EVENT=phase\nPHASE=ready\n", "EVENT=status\nSTATUS=x\n", "EVENT=failed\nERRNO=1\n",
                "EVENT=exited\nREASON=exited\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(messages); i++) {
                _cleanup_owner_ Owner o;

                owner_init(&o);
                o.free_at_once = true;
                say(&o, messages[i]);
                say(&o, messages[i]);
                turn(&o);
                assert_int_equal(strv_length(o.told), 1);
                assert_null(o.link);
        }
}

static void free_and_send_again(const Error *error, void *userdata) {
        Owner *o = userdata;
        MonitorLink *link = TAKE_PTR(o->link);

        tell(o, "reply %d", error->errnum);
        monitor_link_free(link);
}

static void owner_may_free_from_a_reply(void **state) {
        _cleanup_owner_ Owner o;
        WireWriter w;

        owner_init(&o);
        wire_begin(&w);
        assert_ok(monitor_link_send(o.link, &w, NULL, 0, free_and_send_again, &o));
        assert_ok(monitor_link_send(o.link, &w, NULL, 0, on_reply, &o));
        say(&o, "EVENT=reply\nERRNO=0\n");
        say(&o, "EVENT=status\nSTATUS=never heard\n");
        assert_told(&o, "reply 0; reply 104 \"the container's monitor has gone\"");
}

static int late_result = 0;

static void send_more(const Error *error, void *userdata) {
        Owner *o = userdata;

        late_result = monitor_link_command(o->link, "start");
}

/* An owner that has not yet forgotten the link may try to use it. */
static void nothing_is_sent_while_the_link_goes(void **state) {
        _cleanup_owner_ Owner o;
        WireWriter w;
        char data[WIRE_MAX];

        owner_init(&o);
        wire_begin(&w);
        wire_put(&w, "COMMAND", "create");
        assert_ok(monitor_link_send(o.link, &w, NULL, 0, send_more, &o));
        assert_true(fd_receive(o.peer, data, sizeof(data), NULL, 0, NULL) > 0);
        late_result = 0;
        o.link = monitor_link_free(o.link);
        assert_true(late_result < 0);
        assert_int_equal(fd_receive(o.peer, data, sizeof(data), NULL, 0, NULL), 0);
}

static void freeing_leaves_no_descriptor(void **state) {
        size_t before = test_count_fds();
        Owner o;

        owner_init(&o);
        owner_clear(&o);
        assert_int_equal(test_count_fds(), before);
        assert_null(monitor_link_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(snapshot_and_phases_are_told),
                T(what_is_not_said_is_nothing),
                T(frozen_is_told),
                T(a_stop_of_the_host_is_told),
                T(every_phase_is_understood),
                T(status_failure_and_end_are_told),
                T(failure_without_words_is_one_all_the_same),
                T(later_versions_may_say_more),
                T(replies_come_in_order),
                T(error_without_words_has_those_of_its_number),
                T(earlier_monitor_is_told_from_a_refusal),
                T(forgotten_ones_are_not_told),
                T(descriptors_go_along_and_stay_ours),
                T(message_that_overflowed_is_not_sent),
                T(there_is_a_most_of_what_may_wait),
                T(refusals_have_names),
                T(nonsense_closes_the_link),
                T(nul_byte_is_nonsense),
                T(message_of_the_largest_size_is_heard_and_a_larger_is_nonsense),
                T(descriptors_from_a_monitor_are_nonsense_and_closed),
                T(end_of_the_monitor_closes_the_link),
                T(pending_replies_get_an_error_when_the_link_goes),
                T(pending_replies_get_an_error_when_the_owner_frees),
                T(owner_may_free_from_anything_it_is_told),
                T(owner_may_free_from_a_reply),
                T(nothing_is_sent_while_the_link_goes),
                T(freeing_leaves_no_descriptor),
        };

        return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
