/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container's control group: which, with what limits, and whose.
 */

#include "config.h"
#include "container.h"

/* The path from the cgroup root that the config means; relative ones and none
 * at all are the runtime's to decide. In *ret, to be freed. */
int placement_path(const Config *c, const char *id, char **ret, Error *error);

/* Makes the cgroup, sets the limits, hands it over where it is the container's
 * own to manage. Fills c->cgroup and c->n_cgroup_created. Returns the
 * descriptor of the directory. */
int placement_create(const Config *config, Container *c, Error *error);

/* Kills what is in it and removes what placement_create() made; what is left
 * below it too. A cgroup that was there before stays. */
int placement_remove(const Container *c, Error *error);
