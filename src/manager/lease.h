/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a user has for as long as they use it, and ctrd is out of: commands, consoles. A lease is
 * the other end of a pipe, held by whoever has the thing (the monitor): when that closes
 * it, the thing is gone. So UserSessionsMax= bounds what there is, whoever ended it and how. What was
 * begun under an earlier run of ctrd is not counted.
 */

#include <sys/types.h>

#include "error.h"
#include "macro.h"

typedef struct Lease Lease;
typedef struct Manager Manager;

/* The end to hand over, which is the caller's. None, -EBADF, for root. "LimitsExceeded" where
 * the user has as many as one may. */
int lease_new(Manager *manager, uid_t uid, int *ret_fd, Error *error);

/* For the manager's end. */
Lease *lease_free(Lease *lease);
