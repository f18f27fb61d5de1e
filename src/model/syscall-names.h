/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The names of system calls and of groups of them.
 */

#include "macro.h"

#define SYSCALL_NAMES 553

typedef struct SyscallGroup {
        const char *name;  /* "@mount" */
        const char *words; /* calls and groups, with blanks between them */
} SyscallGroup;

extern const char *const syscall_names[SYSCALL_NAMES];
extern const SyscallGroup syscall_groups[];
extern const size_t syscall_groups_n;
