/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A queue: of what wants to be at work no more than a bound is, and the rest waits for its
 * turn. Of the users who wait it is that of the one who has the fewest at work, and of these
 * the one's that came first. Nobody but root has more than a half at work, and the last eighth
 * is root's alone: what one user has may never come to an end.
 */

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "macro.h"

typedef struct Queue Queue;
typedef struct Turn Turn;

/* Called from the loop. The turn may be freed in it. */
typedef void (*TurnCome)(void *userdata);

/* max: read each time; it may change. */
int queue_new(sd_event *event, const uint64_t *max, Queue **ret);

/* For the end: what is in it is freed by its owners, before. */
Queue *queue_free(Queue *queue);

/* More may be at work than before. */
void queue_look(Queue *queue);

/* Joins. Where its turn is at once come is not called: see turn_is_waiting(). */
int queue_join(Queue *queue, uid_t uid, TurnCome come, void *userdata, Turn **ret);

bool turn_is_waiting(const Turn *turn);

/* Of one at work: it waits for another that may be in the queue, and does not count
 * meanwhile. When it goes on it does so at once, whatever the bound: nobody may be waiting for
 * a turn in the middle of what others wait for. */
void turn_pause(Turn *turn);
void turn_go_on(Turn *turn);

/* Leaves, waiting or at work. */
Turn *turn_free(Turn *turn);
