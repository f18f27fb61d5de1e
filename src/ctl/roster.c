/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "roster.h"

static RosterEntry *entry_free(RosterEntry *e) {
        if (!e)
                return NULL;
        free(e->name);
        free(e->state);
        free(e->exit_reason);
        free(e);
        return NULL;
}
DEFINE_CLEANUP(RosterEntry *, entry_free)

void roster_clear(Roster *r) {
        RosterEntry *e;

        MAP_FOREACH(e, &r->entries)
                entry_free(e);
        map_clear(&r->entries);
        r->lists = 0;
        r->complete = false;
}

const RosterEntry *roster_get(const Roster *r, const char *name) {
        return map_get(&r->entries, name);
}

static int replace(char **to, const char *text) {
        char *copy;

        if (!text || streq_ptr(*to, text))
                return 0;
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        free(*to);
        *to = copy;
        return 1;
}

/* 1 where the state is another than before. How the run ended is taken first: that is
 * known when the new state is told. */
static int take(RosterEntry *e, const RosterNews *news) {
        if (replace(&e->exit_reason, news->exit_reason) < 0)
                return -ENOMEM;
        if (news->exit_status)
                e->exit_status = *news->exit_status;
        return replace(&e->state, news->state);
}

static void drop(Roster *r, RosterEntry *e) {
        map_remove(&r->entries, e->name);
        r->told(ROSTER_REMOVED, e, r->userdata);
        entry_free(e);
}

void roster_begin_list(Roster *r) {
        r->lists++;
}

void roster_end_list(Roster *r) {
        RosterEntry *e;

        MAP_FOREACH(e, &r->entries)
                if (e->list != r->lists)
                        drop(r, e);
        r->complete = true;
}

int roster_add(Roster *r, const char *name, const RosterNews *news) {
        _cleanup_(entry_freep) RosterEntry *e = NULL;
        RosterEntry *known = map_get(&r->entries, name);
        int q;

        if (known) {
                known->list = r->lists;
                return roster_change(r, name, news);
        }
        e = calloc(1, sizeof(*e));
        if (!e || !(e->name = strdup(name)) || !(e->exit_reason = strdup("")))
                return -ENOMEM;
        e->list = r->lists;
        q = take(e, news);
        if (q >= 0)
                q = map_put(&r->entries, e->name, e);
        if (q < 0)
                return q;
        known = TAKE_PTR(e);
        r->told(!r->complete ? ROSTER_FOUND : ROSTER_ADDED, known, r->userdata);
        return 0;
}

int roster_change(Roster *r, const char *name, const RosterNews *news) {
        RosterEntry *e = map_get(&r->entries, name);
        int q = e ? take(e, news) : 0;

        if (q > 0)
                r->told(ROSTER_STATE, e, r->userdata);
        return q < 0 ? q : 0;
}

void roster_remove(Roster *r, const char *name) {
        RosterEntry *e = map_get(&r->entries, name);

        if (e)
                drop(r, e);
}
