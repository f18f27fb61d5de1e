/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Waiting for containers to come to a state. */

#include <stdio.h>

#include "bus.h"
#include "ctl.h"
#include "format.h"
#include "name.h"
#include "parse.h"
#include "state.h"
#include "strv.h"
#include "watch.h"

#define REMOVED "removed" /* no state that a container has: there is none any more */

typedef struct Goal {
        const char *name;
        bool done;
        Error error;
} Goal;

typedef struct Wait {
        Watch *watch;
        char **states;
        char *wanted; /* the same in words: "stopped or failed" */
        uint64_t timeout_usec;
        Goal *goals;
        size_t n, n_pending;
} Wait;

static void wait_clear(Wait *w) {
        watch_free(w->watch);
        for (size_t i = 0; i < w->n; i++)
                error_clear(&w->goals[i].error);
        free(w->goals);
        strv_free(w->states);
        free(w->wanted);
}

/* The watch, once it is there, ends with the last goal. */
static void goal_done(Wait *w, Goal *g) {
        g->done = true;
        if (--w->n_pending == 0)
                watch_end(w->watch, EXIT_SUCCESS);
}

static void goal_gone(Wait *w, Goal *g, bool was_there) {
        if (strv_contains(w->states, REMOVED))
                ;
        else if (was_there)
                error_set(&g->error, ENOENT, "NoSuchContainer", "Container %s was removed before it was %s", g->name, w->wanted);
        else
                error_set(&g->error, ENOENT, "NoSuchContainer", "There is no container %s: see ctrctl list", g->name);
        goal_done(w, g);
}

static void on_changed(RosterChange change, const RosterEntry *entry, void *userdata) {
        Wait *w = userdata;

        for (size_t i = 0; i < w->n; i++) {
                Goal *g = &w->goals[i];

                if (g->done || !streq(g->name, entry->name))
                        continue;
                if (change == ROSTER_REMOVED)
                        goal_gone(w, g, true);
                else if (strv_contains(w->states, entry->state))
                        goal_done(w, g);
        }
}

static void on_listed(void *userdata) {
        Wait *w = userdata;

        for (size_t i = 0; i < w->n; i++)
                if (!w->goals[i].done && !watch_get(w->watch, w->goals[i].name))
                        goal_gone(w, &w->goals[i], false);
}

static int on_timeout(sd_event_source *s, uint64_t usec, void *userdata) {
        char span[FORMAT_MAX];
        Wait *w = userdata;

        format_timespan(span, w->timeout_usec);
        for (size_t i = 0; i < w->n; i++) {
                Goal *g = &w->goals[i];
                const RosterEntry *entry = watch_get(w->watch, g->name);

                if (g->done)
                        continue;
                if (entry)
                        error_set(&g->error, ETIMEDOUT, NULL, "Container %s was not %s within %s: it is %s", g->name, w->wanted, span,
                                  entry->state);
                else
                        error_set(&g->error, ETIMEDOUT, NULL, "ctrd has not said within %s how container %s is: see systemctl status ctrd.service",
                                  span, g->name);
                goal_done(w, g);
        }
        return 0;
}

static int set_goals(Wait *w, char **names, Error *error) {
        w->goals = calloc(strv_length(names), sizeof(*w->goals));
        if (!w->goals)
                return error_set_errno(error, ENOMEM, "Cannot wait");
        STRV_FOREACH(name, names) {
                int r = name_check(*name, error);

                if (r < 0)
                        return r;
                w->goals[w->n++].name = *name;
        }
        w->n_pending = w->n;
        return 0;
}

/* One failure is the result; of several, each is printed. */
static int report(Wait *w, Error *error) {
        int status = EXIT_SUCCESS;

        if (w->n == 1 && error_is_set(&w->goals[0].error))
                return error_move(error, &w->goals[0].error);
        for (size_t i = 0; i < w->n; i++)
                if (error_is_set(&w->goals[i].error)) {
                        fprintf(stderr, "ctrctl: %s\n", error_message(&w->goals[i].error));
                        status = STATUS_FAILURE;
                }
        return status;
}

static int add_state(Wait *w, const char *word, Error *error) {
        if (container_state_from_string(word) < 0 && !streq(word, REMOVED))
                return error_set(error, EINVAL, "Usage", "--state=%.100s is not valid: name a state, such as running, or " REMOVED, word);
        return strv_contains(w->states, word) || strv_extend(&w->states, word) >= 0 ? 0
                                                                                    : error_set_errno(error, ENOMEM, "Cannot wait");
}

static int parse(Wait *w, Options *o, Error *error) {
        const char *value;
        int code, r = 0;

        while ((code = options_next(o, &value, error)) > 0) {
                if (code == 's')
                        r = add_state(w, value, error);
                else if (parse_usec(value, &w->timeout_usec) < 0 || w->timeout_usec == 0)
                        r = error_set(error, EINVAL, "Usage", "--timeout=%.100s is not valid: give a time, such as 30s, or infinity", value);
                if (r < 0)
                        return r;
        }
        if (code < 0)
                return code;
        if (!w->states && (add_state(w, "stopped", error) < 0 || add_state(w, "failed", error) < 0))
                return -ENOMEM;
        w->wanted = strv_join(w->states, " or ");
        if (!w->wanted)
                return error_set_errno(error, ENOMEM, "Cannot wait");
        return options_check_rest(o, 1, SIZE_MAX, "the name of a container", error);
}

static int run_wait(Ctl *ctl, Options *o, Error *error) {
        static const WatchOps ops = { .changed = on_changed, .listed = on_listed };
        _cleanup_(wait_clear) Wait w = { .timeout_usec = USEC_INFINITY };
        int r = parse(&w, o, error);

        if (r >= 0)
                r = set_goals(&w, options_rest(o), error);
        if (r >= 0)
                r = watch_new(&w.watch, ctl, &ops, &w, error);
        if (r < 0)
                return r;
        if (w.timeout_usec != USEC_INFINITY) {
                r = sd_event_add_time_relative(watch_event(w.watch), NULL, CLOCK_MONOTONIC, w.timeout_usec, 0, on_timeout, &w);
                if (r < 0)
                        return error_set_errno(error, r, "Cannot wait");
        }
        r = watch_run(w.watch, error);
        return r < 0 ? r : report(&w, error);
}

static const Option options[] = {
        { "state",   's', "STATE", "Until it is in this state, or " REMOVED "; may be repeated (stopped, failed)", REMOVED },
        { "timeout", 't', "TIME",  "Fail after this time, such as 30s (infinity)"                             },
        {}
};

const Verb verb_wait = {
        .name = "wait",
        .usage = "NAME…",
        .summary = "Wait until containers are in a state",
        .details = "Without --state until they have stopped or failed. Each is waited for; the state may\n"
                   "be over again when the last of them has had it.",
        .options = options,
        .run = run_wait,
};
