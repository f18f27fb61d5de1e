/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which id ranges of this host are taken: by other containers, by accounts, by
 * subordinate ids, by processes that run, by the trees of systemd-nspawn.
 */

#include "error.h"
#include "idrange.h"

typedef struct Manager Manager;

/* Finds a free range for a new container, or checks the wanted base (UINT32_MAX:
 * none is wanted). */
int idpool_pick(Manager *manager, const char *name, uint32_t wanted, uint32_t *ret_base, Error *error);
