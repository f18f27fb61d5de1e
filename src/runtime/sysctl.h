/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * sysctls of a container: only those that belong to a namespace of its own.
 */

#include "config.h"

/* Pure: the name is one that a namespace in the config holds, and no path. */
int sysctl_check(const Config *c, const ConfigSysctl *sysctl, Error *error);

/* With the namespaces to be joined opened (-1: none): those of the host that
 * the config names by path are the host's still. */
int sysctl_check_joined(const Config *c, const int namespaces[static NAMESPACE_MAX], Error *error);

/* Writes all, beneath a procfs descriptor, in the container's namespaces. */
int sysctl_apply(const Config *c, int procfs, Error *error);
