/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Compiled filters, kept for the next container with the same rules: to compile
 * an engine's default profile takes longer than all the rest of a start.
 *
 *   <--root>/.seccomp/<digest>   a filter, as syscall_filter_write() writes it
 *
 * or in the directory that CTRRUN_SECCOMP_CACHE names, for who has a --root for each
 * container. It has to be on the file system of --root: entries are hard links.
 *
 * The digest is the SHA-256 of everything that the program depends on: the
 * rules, what compiles them, libseccomp, the kernel. A directory or a file that is not the runtime's
 * user's own, or that others can write, is not looked into; what is damaged is
 * made anew. The cache stays when containers are deleted, as is its purpose; it
 * holds SYSCALL_CACHE_MAX filters, and may be removed at any time.
 */

#include "syscall-filter.h"

#define SYSCALL_CACHE_MAX 64
#define SYSCALL_CACHE_VARIABLE "CTRRUN_SECCOMP_CACHE"

/* The filter for linux.seccomp, from the cache of the directory that state, a
 * container's, is in, or compiled. It is in state under that name as well. */
int syscall_cache_get(int state, const char *name, const json_t *object, SyscallFilter **ret, Error *error);
