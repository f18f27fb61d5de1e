/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Capabilities: the five sets of a process, as masks.
 */

#include "error.h"
#include "macro.h"

typedef struct CapabilitySets {
        uint64_t bounding, effective, inheritable, permitted, ambient;
} CapabilitySets;

/* What the calling process may still have: its bounding and permitted set. */
int capability_read(uint64_t *ret_permitted, uint64_t *ret_bounding);

/* Drops from the bounding set all but what is asked for. Needs CAP_SETPCAP,
 * so it comes before the user is changed. What is not in the set now cannot
 * be had again and is ignored. */
int capability_drop_bounding(uint64_t keep, Error *error);

/* What any of the sets asks for and the calling process has not, before it drops
 * anything: it cannot be granted. */
uint64_t capability_missing(const CapabilitySets *sets);

/* Sets permitted, effective, inheritable, then ambient, each cut to what the
 * process can have. */
int capability_apply(const CapabilitySets *sets, Error *error);
