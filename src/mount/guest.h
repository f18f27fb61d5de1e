/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container that is mounted in, by the pidfd of its first process: from outside, and
 * then from inside, as its root.
 */

#include <sys/types.h>

#include "error.h"
#include "userns.h"

typedef struct Guest {
        int userns; /* the container's; -EBADF: the caller's own */
        int mntns;
        bool userns_entered;
        uint32_t uid, gid; /* of its root, outside */
} Guest;

/* ESRCH with "NotRunning" where the process has ended. EOPNOTSUPP where it is in a user
 * namespace that the container has made itself. */
int guest_open(int pidfd, Guest *ret, Error *error);
void guest_close(Guest *guest);

/* A detached mount of the host's, exchanged for one whose attributes root inside cannot
 * change. place: see stage_set(). The caller is in the guest's user namespace, and in a
 * mount namespace with nothing in it, afterwards. */
int guest_lock_mount(Guest *guest, int *mount, const char *place, Error *error);

/* Becomes root of the guest: with its mount namespace, its ids and no right that it has
 * not. Dies with its parent, as before. Returns a descriptor of its root directory. */
int guest_enter(const Guest *guest, Error *error);
