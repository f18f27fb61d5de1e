/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From rules on system calls to the classic BPF program that seccomp(2) takes.
 *
 * The program finds the architecture, then the call by halving the range of its
 * number, then tries that call's rules one after the other; each argument is
 * compared with all of its 64 bits. What compiles it looks at each rule once, so
 * that no set of rules takes long: libseccomp 2.5.4 never comes back from two
 * rules for one call that share a comparison of order (docs/decisions).
 */

#include <linux/filter.h>

#include "arena.h"
#include "error.h"
#include "macro.h"

typedef enum SyscallOperator {
        SYSCALL_NE,
        SYSCALL_LT,
        SYSCALL_LE,
        SYSCALL_EQ,
        SYSCALL_GE,
        SYSCALL_GT,
        SYSCALL_MASKED_EQ,
} SyscallOperator;

/* argument op value, without a sign; MASKED_EQ: (argument & mask) == value. */
typedef struct SyscallTest {
        unsigned argument; /* 0 to 5 */
        SyscallOperator op;
        uint64_t value, mask;
        bool narrow; /* of the argument's lower half: the upper one is not the call's */
} SyscallTest;

#define SYSCALL_TESTS_MAX 6

/* What happens where all tests hold. */
typedef struct SyscallRule {
        uint32_t action; /* SECCOMP_RET_… with its data */
        SyscallTest tests[SYSCALL_TESTS_MAX];
        unsigned n_tests;
} SyscallRule;

/* A call, or a range of numbers, and its rules, tried in this order. Where none holds,
 * the fallback does. */
typedef struct SyscallEntry {
        uint32_t first, last;
        const SyscallRule **rules;
        size_t n_rules;
} SyscallEntry;

/* An architecture's calls, in the order of their numbers, each number once at most. */
typedef struct SyscallTable {
        uint32_t arch; /* AUDIT_ARCH_…, each once */
        const SyscallEntry *entries;
        size_t n_entries;
} SyscallTable;

/* fallback: of calls that no rule is for. foreign: of calls of other architectures.
 * *ret is malloc()ed. E2BIG where the program is longer than the kernel takes
 * (BPF_MAXINSNS). */
int syscall_program_build(const SyscallTable *tables, size_t n_tables, uint32_t fallback, uint32_t foreign,
                          struct sock_fprog *ret, Error *error);
