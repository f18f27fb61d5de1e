/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The directory of a run, /run/ctrd/containers/NAME: made before a start, with
 * all that monitor and runtime will read, and removed after the end.
 */

#include "bundle.h"

/* Makes the directory and everything in it. On failure nothing is left. */
int launch_prepare(Launch *launch, Error *error);

/* Removes the directory of a run. Nothing there is no error. */
int launch_remove(const char *name);

/* A label that a run began with, of the kind LAUNCH_…; NULL: none. */
#define LAUNCH_APPARMOR "apparmor"
#define LAUNCH_SELINUX "selinux"
#define LAUNCH_SELINUX_MOUNT "selinux-mount"
char *launch_label(const char *name, const char *kind);

/* When the run that it is of began (CLOCK_REALTIME): its plan is written last before that. 0:
 * there is none; UINT64_MAX: not known. */
uint64_t launch_begun_usec(const char *name);

void launch_dir(const char *name, char *ret, size_t size);
