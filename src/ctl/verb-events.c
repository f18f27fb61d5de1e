/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What happens to containers, as it happens. */

#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bus.h"
#include "clock.h"
#include "ctl.h"
#include "format.h"
#include "name.h"
#include "strv.h"
#include "table.h"
#include "watch.h"

typedef struct Events {
        Ctl *ctl;
        Watch *watch;
        char **names; /* empty: all */
        Error error;
} Events;

static const Column columns[] = {
        { "time", COLUMN_NUMBER }, { "name" }, { "event" }, { "state" }, { "exit_reason" }, { "exit_status", COLUMN_NUMBER }, {}
};

/* Whether this change is an end, of which there is a reason to tell. */
static bool is_end(RosterChange change, const RosterEntry *e) {
        return change == ROSTER_STATE && (streq(e->state, "stopped") || streq(e->state, "failed")) && !isempty(e->exit_reason);
}

static const char *word_of(RosterChange change) {
        return change == ROSTER_ADDED ? "added" : change == ROSTER_REMOVED ? "removed" : "state";
}

static int print_json(const Events *v, RosterChange change, const RosterEntry *e, uint64_t now, Error *error) {
        _cleanup_(table_freep) Table *t = NULL;
        bool end = is_end(change, e);
        int r = table_new(&t, v->ctl, columns, error);

        if (r < 0)
                return r;
        table_set_line(t);
        r = table_add_row(t);
        if (r >= 0)
                r = table_set_number(t, 0, now);
        if (r >= 0)
                r = table_set(t, 1, e->name);
        if (r >= 0)
                r = table_set(t, 2, word_of(change));
        if (r >= 0)
                r = table_set(t, 3, change == ROSTER_REMOVED ? NULL : e->state);
        if (r >= 0)
                r = table_set(t, 4, end ? e->exit_reason : NULL);
        if (r >= 0)
                r = end ? table_set_number(t, 5, (uint64_t) e->exit_status) : table_set(t, 5, NULL);
        return r < 0 ? error_set_errno(error, r, "Cannot print an event") : table_print(t, error);
}

static void print_line(RosterChange change, const RosterEntry *e, uint64_t now) {
        char when[FORMAT_MAX], end[FORMAT_MAX];

        printf("%s  %-20s %s", format_timestamp(when, now), e->name, change == ROSTER_STATE ? e->state : word_of(change));
        if (is_end(change, e))
                printf(": %s", format_end(end, e->exit_reason, e->exit_status));
        putchar('\n');
}

static void on_changed(RosterChange change, const RosterEntry *e, void *userdata) {
        uint64_t now = now_usec(CLOCK_REALTIME);
        Events *v = userdata;
        int r = 0;

        if (change == ROSTER_FOUND || error_is_set(&v->error) || (v->names[0] && !strv_contains(v->names, e->name)))
                return;
        if (v->ctl->json)
                r = print_json(v, change, e, now, &v->error);
        else
                print_line(change, e, now);
        if (r >= 0 && fflush(stdout) == 0)
                return;
        if (r >= 0 && errno != EPIPE)
                error_set_errno(&v->error, errno, "Cannot write the output");
        watch_end(v->watch, EXIT_SUCCESS);
}

/* The reader left: nothing that we write would reach anybody. */
static int on_output_closed(sd_event_source *s, int fd, uint32_t events, void *userdata) {
        Events *v = userdata;

        watch_end(v->watch, EXIT_SUCCESS);
        return 0;
}

static int watch_output(Events *v) {
        int r = sd_event_add_io(watch_event(v->watch), NULL, STDOUT_FILENO, 0, on_output_closed, v);

        return r == -EPERM ? 0 : r; /* a file has no reader that could leave */
}

static int run_events(Ctl *ctl, Options *o, Error *error) {
        static const WatchOps ops = { .changed = on_changed };
        Events v = { .ctl = ctl };
        int r = options_finish(o, error);

        if (r < 0)
                return r;
        v.names = options_rest(o);
        STRV_FOREACH(name, v.names) {
                r = name_check(*name, error);
                if (r < 0)
                        return r;
        }
        r = watch_new(&v.watch, ctl, &ops, &v, error);
        if (r < 0)
                return r;
        r = watch_output(&v);
        if (r < 0)
                error_set_errno(error, r, "Cannot watch the output");
        else
                r = watch_run(v.watch, error);
        watch_free(v.watch);
        if (r >= 0 && error_is_set(&v.error))
                r = error_move(error, &v.error);
        error_clear(&v.error);
        return r;
}

const Verb verb_events = {
        .name = "events",
        .usage = "[NAME…]",
        .summary = "Show what happens to containers, as it happens",
        .details = "A line for each change of state, with the reason of ends, and for each container\n"
                   "that is added or removed, until Ctrl-C. With --json each line is an object.",
        .run = run_events,
};
