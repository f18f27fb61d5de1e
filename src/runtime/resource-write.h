/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The plan that linux.resources is, carried out on a control group.
 */

#include "config.h"

/* Passes controllers on from the root of the cgroups down to this one, all that
 * there are, as crun and runc do. What cannot be passed on is left out. */
void resource_enable_controllers(const char *cgroup, int fd);

/* What can be said before anything is written: that each controller is there (after
 * resource_enable_controllers()), and where memory.checkBeforeUpdate asks for it
 * that no limit of memory is below what is used. */
int resource_check(const Config *config, const char *cgroup, int fd, Error *error);

/* Checks, and writes all in order. */
int resource_write_all(const Config *config, const char *cgroup, int fd, Error *error);
