/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * linux.cgroupsPath as systemd's manager takes it: "slice:prefix:name".
 */

#include "error.h"
#include "macro.h"

#define UNIT_NAME_MAX 255 /* systemd's own limit */

typedef struct UnitName {
        char slice[UNIT_NAME_MAX + 1]; /* that the unit is in: "a-b.slice"; "-.slice" is the root */
        char unit[UNIT_NAME_MAX + 1];  /* "prefix-name.scope", or a slice where the name is one */
} UnitName;

/* cgroups_path: NULL where none is given. What follows its last colon is the name,
 * before that stand the prefix and the slice, which both may be empty or missing. */
int unit_name_parse(const char *cgroups_path, const char *id, bool rootless, UnitName *ret, Error *error);

/* The path of a slice's cgroup: "a-b.slice" is in "a.slice". -EINVAL where it is no
 * slice. */
int unit_slice_path(const char *slice, char *ret, size_t size);
