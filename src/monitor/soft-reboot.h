/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A soft reboot of the guest: its systemd (254 and later) ends all services and begins
 * anew, as the same process, in the same namespaces and mounts. Nothing ends, so that only
 * what it says of itself tells of it.
 */

#include <sys/types.h>

#include "error.h"
#include "notify.h"

typedef struct SoftReboot {
        bool asked;     /* by us, and not begun yet */
        uint64_t begun; /* the last one; CLOCK_MONOTONIC */
} SoftReboot;

/* Asks init for one, with the signal of systemd(1). "NotSupported" (-EOPNOTSUPP) where it
 * does not listen for that. */
int soft_reboot_ask(SoftReboot *soft_reboot, pid_t pid, int pidfd, Error *error);

/* Whether one begins with this message of a guest that was ready. One that says so again
 * and again is not believed each time: others are told of each. */
bool soft_reboot_begins(SoftReboot *soft_reboot, const NotifyMessage *message);
