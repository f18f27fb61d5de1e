/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which id ranges of this host are taken: by other containers, by accounts, by
 * subordinate ids, by processes that run, by the trees of systemd-nspawn.
 */

#include "error.h"
#include "identity.h"
#include "settings.h"

typedef struct Container Container;
typedef struct Manager Manager;

/* Gives a container the ids that its settings ask for: keeps those of its identity
 * where they fit, and else finds a free range, or checks the one that is wanted.
 * Nothing on disk has them: they may change from one run to the next, with the
 * settings. 1: the identity has changed, 0: it has not; -EBUSY, InvalidSettings or
 * LimitsExceeded: there are none, and nothing has changed. */
int idpool_assign(Manager *manager, const char *name, const Settings *settings, Identity *identity, Error *error);

/* Calls found for each container that shares ids with an account, subordinate ids
 * (with: the file), or another container (with: its name). */
typedef void (*IdConflict)(const Container *c, const char *with, void *userdata);
void idpool_find_conflicts(Manager *manager, IdConflict found, void *userdata);
