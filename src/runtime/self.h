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
 */

#include "error.h"
#include "macro.h"
#include "userns.h"

/* Remembers the command line. */
void self_setup(char **argv);

/* Whether the processes of a user namespace with these maps may write to the
 * binary: its owner, or who else its mode lets, is mapped. */
bool self_is_exposed(const IdMap *uids, size_t n_uids, const IdMap *gids, size_t n_gids);

/* Executes the runtime anew, from a read-only mount, unless it runs from one.
 * To be called before anything was done that would be done twice. Returns 0
 * when there is nothing to do. */
int self_protect(Error *error);
