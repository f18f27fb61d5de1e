/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container's control group: which, with what limits, and whose.
 */

#include "config.h"
#include "container.h"
#include "scope.h"

typedef enum CgroupManager {
        CGROUP_MANAGER_CGROUPFS, /* we make the cgroup ourselves */
        CGROUP_MANAGER_SYSTEMD,  /* it is a unit */
        CGROUP_MANAGER_DISABLED, /* the container stays in ours */
        CGROUP_MANAGER_MAX,
        CGROUP_MANAGER_INVALID = -EINVAL,
} CgroupManager;

const char *cgroup_manager_to_string(CgroupManager manager);
CgroupManager cgroup_manager_from_string(const char *s);

typedef struct Placement {
        CgroupManager manager;
        int fd;      /* of the cgroup that init is to be born in, or -1 */
        bool adopts; /* init is to wait for placement_adopt() */
        Scope scope;
} Placement;

#define PLACEMENT_INIT ((Placement){ .fd = -EBADF })

/* All that can be done before there is an init. To be closed in any case. */
int placement_open(Placement *p, CgroupManager manager, Config *config, Container *c, Error *error);
void placement_close(Placement *p);

/* With init there, and nothing done by it yet: its scope, with all limits. */
int placement_adopt(Placement *p, const Config *config, Container *c, Error *error);

/* The path from the cgroup root that the config means; relative ones and none
 * at all are the runtime's to decide. In *ret, to be freed. */
int placement_path(const Config *c, const char *id, char **ret, Error *error);

/* Makes the cgroup, sets the limits, hands it over where it is the container's
 * own to manage. Fills c->cgroup and c->n_cgroup_created. Returns the
 * descriptor of the directory. */
int placement_create(const Config *config, Container *c, Error *error);

/* Kills what is in it and removes what was made, unit or cgroup; what is left
 * below it too. A cgroup that was there before stays. */
int placement_remove(const Container *c, Error *error);
