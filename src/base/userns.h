/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * User namespaces: id maps as data, writing them, making a namespace.
 */

#include <sys/types.h>

#include "error.h"
#include "macro.h"

/* count ids from inside on are the ids from outside on; see
 * user_namespaces(7). "outside" is as seen by who writes the map. */
typedef struct IdMap {
        uint32_t inside;
        uint32_t outside;
        uint32_t count;
} IdMap;

#define ID_MAP_MAX 340 /* the kernel's own limit */

/* Checks: 1 to ID_MAP_MAX entries, none empty, past 2^32 - 2, or overlapping
 * another on either side. 0, -EINVAL or -E2BIG. */
int id_map_check(const IdMap *map, size_t n);

/* The id outside that an id inside stands for. 0 or -EINVAL (not mapped). */
int id_map_outside(const IdMap *map, size_t n, uint32_t inside, uint32_t *ret);

/* The other way round. */
int id_map_inside(const IdMap *map, size_t n, uint32_t outside, uint32_t *ret);

/* Writes /proc/PID/uid_map and gid_map (and "deny" to setgroups before the
 * latter where deny_setgroups). pid must be a child not yet waited for. */
int userns_write_maps(pid_t pid, const IdMap *uids, size_t n_uids, const IdMap *gids, size_t n_gids,
                      bool deny_setgroups, Error *error);

/* Makes a user namespace with these maps, without a process in it, and
 * returns its descriptor: for id-mapped mounts, or to be joined. */
int userns_open(const IdMap *uids, size_t n_uids, const IdMap *gids, size_t n_gids, Error *error);

/* Whether the caller is in the first user namespace, that of the host. */
bool userns_is_first(void);

/* The maps of the user namespace of a process, as seen by the caller. */
int userns_read_map(pid_t pid, const char *file, IdMap *ret_map, size_t max, size_t *ret_n);
