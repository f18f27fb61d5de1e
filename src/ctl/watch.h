/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Watching containers by the signals of ctrd. The matches are put up before the list
 * is asked for, so that nothing falls between the two. When ctrd was away, as it is
 * while it is updated, the list is asked for again, and what differs is told.
 */

#include <systemd/sd-event.h>

#include "ctl.h"
#include "roster.h"

typedef struct Watch Watch;

typedef struct WatchOps {
        RosterTold changed;
        void (*listed)(void *userdata); /* the first list is whole; may be NULL */
} WatchOps;

/* ops and userdata must live as long. */
int watch_new(Watch **ret, Ctl *ctl, const WatchOps *ops, void *userdata, Error *error);
Watch *watch_free(Watch *w);
DEFINE_CLEANUP(Watch *, watch_free)

sd_event *watch_event(Watch *w);
const RosterEntry *watch_get(const Watch *w, const char *name);

/* Watches until watch_end(), whose status it returns, or until it cannot go on. */
int watch_run(Watch *w, Error *error);
void watch_end(Watch *w, int status);
