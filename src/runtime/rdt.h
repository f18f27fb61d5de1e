/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * linux.intelRdt: caches and memory bandwidth by the kernel's resctrl file system
 * (config-linux.md, "IntelRdt"; Documentation/arch/x86/resctrl.rst of the kernel).
 */

#include "config.h"

/* The directory where resctrl is mounted. NotSupported where it is not. */
int rdt_open(Error *error);

/* Puts a process into the group that the config means, made and set as it says, below
 * the directory root. In *ret_made the path there of what is the container's own, to be
 * removed with it; NULL where nothing is. */
int rdt_join(int root, const ConfigRdt *rdt, const char *id, pid_t pid, char **ret_made, Error *error);

/* Removes it again. Nothing there is no error. */
int rdt_remove(const char *made, Error *error);
