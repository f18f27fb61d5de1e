/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What brings a container back that nobody asked to stop: Restart= after its own end,
 * Autostart= after the host's.
 *
 * A file "up" beside its identity says that it is to be up: made by a start, removed when
 * somebody asks for a stop and by an end that no start follows. It stays where the host
 * goes down, and where ctrd is killed; in it is what a ctrd that comes up must know of
 * restarts. Of another boot it says no more than that it is there. It is of this container
 * and no part of what a copy gets.
 */

#include <systemd/sd-event.h>

#include "macro.h"
#include "restart.h"

typedef struct Container Container;

typedef struct Recovery {
        bool up;             /* the file is there */
        uint64_t restarts;   /* since somebody started it, or since a run that held */
        RestartLimit limit;  /* CLOCK_BOOTTIME */
        uint64_t due_usec;   /* when it is started next, CLOCK_BOOTTIME; 0: it is not */
        uint64_t due_realtime_usec; /* the same for people */
        sd_event_source *timer; /* for that */
        bool starts;         /* it is being started by itself */
        bool waits;          /* to be, for what is done with its files */
} Recovery;

void recovery_clear(Recovery *recovery);

/* When ctrd comes up: what its predecessor has left. */
void recovery_load(Container *container);

/* Where it does not run at the first start of ctrd in a boot: whether it is to be started
 * now. */
bool recovery_after_boot(Container *container);

/* At a later start: one is started that was to be when ctrd was killed. */
void recovery_after_death(Container *container);

/* Something that was done with its files has ended: a start that was due meanwhile comes now. */
void recovery_look(Container *container);

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
