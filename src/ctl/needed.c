/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus.h"
#include "job-wait.h"
#include "needed.h"
#include "object.h"
#include "state.h"
#include "watch.h"

/* One that ends while we look is started once more, and so is one whose start was undone
 * since ctrd was killed; what goes on ending is no reason to go on for ever. */
#define TRIES 3

typedef struct Settling {
        Watch *watch;
        const char *name;
        bool up;
} Settling;

static void look(Settling *s, const RosterEntry *entry) {
        ContainerState state = container_state_from_string(entry->state);

        s->up = state == CONTAINER_RUNNING || state == CONTAINER_FROZEN;
        if (s->up || !container_state_is_active(state))
                watch_end(s->watch, EXIT_SUCCESS);
}

static void on_changed(RosterChange change, const RosterEntry *entry, void *userdata) {
        Settling *s = userdata;

        /* What is found first is looked at when the watch is there. */
        if (!s->watch || !streq(entry->name, s->name))
                return;
        if (change == ROSTER_REMOVED)
                watch_end(s->watch, EXIT_SUCCESS);
        else
                look(s, entry);
}

static void on_listed(void *userdata) {
        Settling *s = userdata;
        const RosterEntry *entry = watch_get(s->watch, s->name);

        if (entry)
                look(s, entry);
        else
                watch_end(s->watch, EXIT_SUCCESS);
}

/* Until it is up, or down. */
static int settle(Ctl *ctl, const char *name, bool *ret_up, Error *error) {
        static const WatchOps ops = { .changed = on_changed, .listed = on_listed };
        Settling s = { .name = name };
        int r = watch_new(&s.watch, ctl, &ops, &s, error);

        if (r >= 0)
                r = watch_run(s.watch, error);
        watch_free(s.watch);
        *ret_up = s.up;
        return r;
}

static int call(Ctl *ctl, const char *name, const char *method, bool timeout, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(job_wait_freep) JobWait *w = NULL;
        _cleanup_free_ char *path = NULL;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = job_wait_new(&w, ctl, JOB_INTERRUPT_DETACH, error);
        if (r >= 0)
                r = bus_method(ctl, path, BUS_CONTAINER, method, &m, error);
        if (r >= 0 && timeout && (r = sd_bus_message_append(m, "t", UINT64_C(0))) < 0)
                return bus_message_error(error, r);
        if (r >= 0)
                r = job_wait_call(w, m, name, error);
        return r < 0 ? r : job_wait_run(w, error);
}

static bool may_be_tried_again(const Error *error) {
        return streq_ptr(error->name, "Running") || streq_ptr(error->name, "Busy") || error->errnum == ECONNRESET;
}

/* Whatever becomes of what it is busy with: we try again behind it. */
static int follow(Ctl *ctl, const char *name, Error *error) {
        _cleanup_(object_clear) Object o = {};
        _cleanup_(job_wait_freep) JobWait *w = NULL;
        _cleanup_free_ char *path = NULL;
        const Property *job;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = object_read(ctl, path, BUS_CONTAINER, &o, error);
        job = r >= 0 ? object_get(&o, "Job") : NULL;
        if (r < 0 || !job || streq(job->text, "/"))
                return r;
        r = job_wait_new(&w, ctl, JOB_INTERRUPT_DETACH, error);
        if (r >= 0)
                r = job_wait_for(w, job->text, name, error);
        if (r >= 0)
                r = job_wait_run(w, error);
        if (r < 0)
                error_clear(error);
        return MAX(r, 0);
}

int needed_start(Ctl *ctl, const char *name, Error *error) {
        for (unsigned i = 1;; i++) {
                bool up = false;
                int r = call(ctl, name, "Start", false, error);

                if (r >= 0 || i >= TRIES || !may_be_tried_again(error))
                        return r;
                if (streq_ptr(error->name, "Busy")) {
                        error_clear(error);
                        r = follow(ctl, name, error);
                        if (r != EXIT_SUCCESS)
                                return r;
                }
                error_clear(error);
                r = settle(ctl, name, &up, error);
                if (r != EXIT_SUCCESS || up)
                        return r;
        }
}

int needed_stop(Ctl *ctl, const char *name, Error *error) {
        int r = call(ctl, name, "Stop", true, error);

        if (r < 0 && streq_ptr(error->name, "NotRunning")) {
                error_clear(error);
                return EXIT_SUCCESS;
        }
        return r;
}
