/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Containers of users without privileges.
 *
 * Everything else in the runtime works with the rights of root over mounts,
 * ids and namespaces. A user has them in a user namespace only: so before
 * anything is prepared the runtime itself enters one of its own, with a mount
 * namespace, in which the user's id and those that the config maps are mapped
 * to themselves. The container's user namespace is made inside of that one, as
 * root makes it on the host, from the same maps; and what the host forbids and
 * the config restricts is as much out of the container's reach.
 */

#include "config.h"
#include "error.h"
#include "macro.h"

typedef enum RootlessMode {
        ROOTLESS_AUTO, /* where we are not root, or root of a user namespace only */
        ROOTLESS_YES,
        ROOTLESS_NO,
        ROOTLESS_MODE_MAX,
        ROOTLESS_MODE_INVALID = -EINVAL,
} RootlessMode;

/* "auto", or a truth value. */
RootlessMode rootless_mode_from_string(const char *s);

/* Whether rights over the host's resources are not to be expected: what is
 * not asked for in so many words may be left out then. */
bool rootless_is_expected(RootlessMode mode);

/* Where we are not root: enters the namespaces. c: its user namespace is
 * marked where it is entered already. 1: done; 0: nothing to do. */
int rootless_enter(Config *c, RootlessMode mode, Error *error);

/* Where the state of containers is by default: below $XDG_RUNTIME_DIR for
 * users, else a directory in /tmp that is theirs alone. */
int rootless_state_root(const char **ret, Error *error);
