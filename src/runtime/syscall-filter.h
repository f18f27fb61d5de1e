/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * linux.seccomp: from the config to a filter program, and loading it.
 * The program is built in the parent, before there is a container.
 */

#include <jansson.h>
#include <linux/filter.h>

#include "error.h"
#include "macro.h"

typedef struct SyscallFilter {
        struct sock_fprog program;
        unsigned flags; /* SECCOMP_FILTER_FLAG_… */
} SyscallFilter;

/* Builds. What names a system call that this libseccomp does not know is
 * left out, as the specification's users expect. */
int syscall_filter_compile(const json_t *object, SyscallFilter **ret, Error *error);
SyscallFilter *syscall_filter_free(SyscallFilter *f);
DEFINE_CLEANUP(SyscallFilter *, syscall_filter_free)

/* Loads it into the calling process: needs no_new_privs or CAP_SYS_ADMIN. */
int syscall_filter_load(const SyscallFilter *f, Error *error);

/* Keeps a compiled filter for exec, and reads it back: in the directory of
 * the container's state, which only the runtime's user can write. */
int syscall_filter_write(const SyscallFilter *f, int directory, const char *name);
int syscall_filter_read(int directory, const char *name, SyscallFilter **ret);
