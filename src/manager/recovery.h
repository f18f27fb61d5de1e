/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What brings a container back that nobody asked to stop: Restart= after its own end,
 * Autostart= after the host's.
 *
 * A file "up" beside its identity says that it is to be up: made by a start, removed when
 * somebody asks for a stop and by an end that no start follows. It stays where the host
 * goes down, and where ctrd is killed; in it is what a ctrd that comes up must know of
 * restarts. It is read by who has made it alone, and of another boot it says no more than
 * that it is there.
 */

#include <systemd/sd-event.h>

#include "macro.h"
#include "restart.h"

typedef struct Container Container;
typedef struct Manager Manager;

typedef struct Recovery {
        bool up;             /* the file is there */
        uint64_t restarts;   /* since somebody started it, or since a run that held */
        RestartLimit limit;  /* CLOCK_BOOTTIME */
        uint64_t due_usec;   /* when it is started next, CLOCK_BOOTTIME; 0: it is not */
        uint64_t due_realtime_usec; /* the same for people */
        sd_event_source *timer; /* for that */
        bool starts;         /* it is being started by itself */
} Recovery;

void recovery_clear(Recovery *recovery);

/* When ctrd comes up: what its predecessor has left. */
void recovery_load(Container *container);

/* The same, when it is known what runs and ctrd can be called: containers are started that
 * were to be when ctrd was killed; once for each boot of the host, those that Autostart=
 * names. */
void recovery_begin(Manager *manager);

/* A run has begun. */
void recovery_run_began(Container *container);

/* A ctrd has come up, and it runs and is asked for no stop: what is not written down of that
 * a ctrd before us had not come to, or did not know of. */
void recovery_run_found(Container *container);

/* A run has ended by itself; ready_usec: when it was ready, 0 never. Whether the host goes
 * down or another start follows, it is known afterwards. */
void recovery_run_ended(Container *container, uint64_t ready_usec);

/* Somebody wants it down, now and after a boot. */
void recovery_give_up(Container *container);

/* Its settings are others. */
void recovery_settings_changed(Container *container);
