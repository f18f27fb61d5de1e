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
        int pidfd; /* not owned */
        int userns; /* -EBADF: the caller's own */
        uint32_t uid, gid; /* of its root, outside */
} Guest;

/* ESRCH with "NotRunning" where the process has ended. */
int guest_open(int pidfd, Guest *ret, Error *error);
void guest_close(Guest *guest);

/* A detached mount of the host's, exchanged for one whose attributes root inside cannot
 * change. place: see stage_set(). The caller is in the guest's user namespace, and in a
 * mount namespace of nobody's, afterwards. */
int guest_lock_mount(const Guest *guest, int *mount, const char *place, Error *error);

/* Becomes root of the guest: with its mount namespace, its ids and no right that it has
 * not. Returns a descriptor of its root directory. */
int guest_enter(const Guest *guest, Error *error);
