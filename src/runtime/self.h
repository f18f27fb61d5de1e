/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The runtime's own binary, out of the container's reach.
 *
 * CVE-2019-5736: a process of the container that gets hold of /proc/PID/exe of
 * the runtime, or makes it execute itself, may write to the host's binary as
 * soon as it does not run any more. With a user namespace that does not map the
 * binary's owner the container's root has no right to write to it; else the
 * runtime goes on from a read-only view of itself that nobody can make
 * writable: a clone of its mount that is attached nowhere.
 *
 * The change to that view is made in place, see image.h, where the kernel and
 * the way we were linked allow it; else by executing the view.
 */

#include "error.h"
#include "macro.h"
#include "userns.h"

/* Remembers the command line. */
void self_setup(char **argv);

/* Whether the processes of a user namespace with these maps may write to the
 * binary: its owner, or who else its mode lets, is mapped. */
bool self_is_exposed(const IdMap *uids, size_t n_uids, const IdMap *gids, size_t n_gids);

/* From here on the process, and each that is made by it, runs from a read-only
 * mount. It may have to be executed anew for that, so: to be called before
 * anything was done that would be done twice. Returns 0 when all is well.
 *
 * alone: only one process is made that goes where the container is, and nobody
 * else is there before its execve(2): it is the first of a new pid namespace.
 * Then the change is left to that process, which calls self_enter() before
 * anything else, and has less to change. */
int self_protect(bool alone, Error *error);

/* In the process that becomes the container's. */
int self_enter(Error *error);

/* Lets go of the descriptor of the view, which keeps it from being dissolved.
 * That waits for an RCU grace period in whoever closes it last: so not in the
 * process that becomes the container's, but here when there is nothing else to
 * do than to wait. */
void self_release(void);
