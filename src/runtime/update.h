/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Changing the limits of a container that lives.
 */

#include "container.h"

/* resources: as linux.resources, with those fields that are to change; what is 0 or
 * empty is none. It is completed: a field that needs another (a quota its period) gets
 * it from what was set before. All is checked before anything is changed, and what is
 * changed is kept for the next time. */
int update_container(const Container *c, json_t *resources, Error *error);

/* The pure parts of it. saved: NULL or what was set before. */
void update_complete(json_t *resources, const json_t *saved);
