/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Ephemeral=: a container is removed when its run has ended.
 *
 * A file "ephemeral" beside its identity says that it has run. With it a ctrd that comes up
 * removes what ended while none was there, or with the host, and leaves what never ran.
 * The setting has the last word: who sets it to no meanwhile keeps the container.
 */

#include <stdbool.h>

typedef struct Container Container;

/* Its init runs. */
void ephemeral_run_began(Container *container);

/* Its run has ended, and no other follows: whether it is to be removed now. Where the host
 * goes down that is for the next boot. */
bool ephemeral_run_ended(Container *container);

/* It stays, though its run has ended. */
void ephemeral_forget(Container *container);

/* ctrd has come up: removes it where it is to be, and is down. */
void ephemeral_begin(Container *container);
