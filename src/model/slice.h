/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Slices of systemd: units that are groups of units, systemd.slice(5). Pure.
 */

#include "macro.h"

#define SLICE_DEFAULT "machine.slice"
#define SLICE_NAME_MAX 128 /* characters */
#define SLICE_DEPTH_MAX 8  /* "a-b-c.slice" has 3 */

/* The path of a slice's control group, without the hierarchy's own. */
#define SLICE_PATH_MAX (SLICE_DEPTH_MAX * (SLICE_NAME_MAX + 1) + 1)

/* A name such as "machine-web.slice": letters, digits and ":_.", in parts with a dash
 * between. The root, "-.slice", is none. */
bool slice_name_is_valid(const char *name);

/* "machine-web.slice" → "/machine.slice/machine-web.slice". name: a valid one. */
void slice_path(const char *name, char ret[static SLICE_PATH_MAX]);
