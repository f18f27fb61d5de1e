/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is known of each container while it is watched, and what changes in that. It
 * is told of changes one by one, or of all containers as they are: what has happened
 * in between is what differs.
 */

#include "map.h"

typedef enum RosterChange {
        ROSTER_FOUND, /* it was there when the first list came */
        ROSTER_ADDED,
        ROSTER_STATE, /* it has another state */
        ROSTER_REMOVED,
} RosterChange;

typedef struct RosterEntry {
        char *name;
        char *state;
        char *exit_reason; /* how the last run ended, "" where there was none */
        int exit_status;
        unsigned list; /* the last one that it was in */
} RosterEntry;

/* Whoever wants to know. The entry of one that was removed is as it was last. */
typedef void (*RosterTold)(RosterChange change, const RosterEntry *entry, void *userdata);

/* What is said of a container: NULL where nothing is. */
typedef struct RosterNews {
        const char *state;
        const char *exit_reason;
        const int *exit_status;
} RosterNews;

typedef struct Roster {
        Map entries; /* by name */
        unsigned lists; /* that have begun */
        bool complete;  /* one has ended */
        RosterTold told;
        void *userdata;
} Roster;

void roster_clear(Roster *r);
const RosterEntry *roster_get(const Roster *r, const char *name);

/* A list of all follows: what is not added until the end has gone. */
void roster_begin_list(Roster *r);
void roster_end_list(Roster *r);

/* One that is there; whether it was known makes no difference. The news has a state. */
int roster_add(Roster *r, const char *name, const RosterNews *news);

/* Of one that is not known nothing is taken. */
int roster_change(Roster *r, const char *name, const RosterNews *news);
void roster_remove(Roster *r, const char *name);
