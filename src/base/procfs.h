/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The files of /proc, through descriptors that are known to be procfs.
 *
 * A container's processes may mount anything over a file of /proc that a
 * privileged process is about to write (CVE-2025-52881, CVE-2019-16884). So
 * every such file is opened beneath a descriptor that was checked to be the
 * root of a procfs, without crossing a mount on the way.
 */

#include <sys/types.h>

#include "macro.h"

/* Opens /proc and checks that it is the root of a procfs. -ELIBBAD where it
 * is something else. Returns an O_PATH descriptor. */
int procfs_open(void);

/* Checks a descriptor: 0, or -ELIBBAD where it is no file of a procfs. */
int procfs_check(int fd);

/* Opens a path beneath a procfs ("self/uid_map", "123/ns/user"): no mount is
 * crossed. With magic true the last component may be a magic link (ns/…,
 * exe), which is followed; else magic links are refused. procfs: from
 * procfs_open(), or -1 to open it for this one call. */
int procfs_openat(int procfs, const char *path, int flags, bool magic);

/* Writes a file beneath a procfs in one write(2). */
int procfs_write(int procfs, const char *path, const char *text);

/* When the process started, in clock ticks since boot: with the pid it names
 * one process for ever. ret_state may be NULL: 'R', 'S', 'Z', …. -ESRCH where
 * there is no such process. */
int procfs_start_time(int procfs, pid_t pid, uint64_t *ret_start, char *ret_state);

/* The signals that the caller ignores: bit N - 1 for signal N. */
int procfs_ignored_signals(int procfs, uint64_t *ret);
