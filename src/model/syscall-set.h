/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Sets of system calls by name, of all that are known (syscall-names.h). What one
 * architecture has of them is the runtime's matter.
 */

#include "syscall-names.h"

typedef struct SyscallSet {
        uint64_t bits[(SYSCALL_NAMES + 63) / 64];
} SyscallSet;

/* The index of a call's name in syscall_names, or -ENOENT. */
int syscall_find(const char *name);

/* Adds what the words are: names of calls, and groups as in systemd.exec(5)
 * ("@mount"), with blanks between them. -ENOENT where one is neither; the set may
 * then hold those before it. */
int syscall_set_add(SyscallSet *set, const char *words);
void syscall_set_remove(SyscallSet *set, const SyscallSet *other);

static inline bool syscall_set_has(const SyscallSet *set, size_t i) {
        return set->bits[i / 64] & UINT64_C(1) << i % 64;
}
