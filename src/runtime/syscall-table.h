/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From rules for system calls by name to what each number of each architecture is
 * owed. The numbers are libseccomp's; who is asked first is decided here:
 *
 *  - A rule without conditions goes before those with conditions, and of several
 *    the first counts: so do the runtimes that use libseccomp. One that says what
 *    the fallback says is none.
 *  - Of the rules with conditions that hold, the strictest counts, in the kernel's
 *    order of actions (seccomp(2)).
 *  - Where an architecture has one call for many (socketcall(2), ipc(2)), their
 *    arguments lie in memory and cannot be seen: there, the strictest of all that
 *    a rule with conditions, and the fallback, could come to. A rule for the call
 *    itself is looked at as well.
 *  - A call that is newer than all that the rules name of an architecture, which the
 *    config lists, is one that their author did not know: where the fallback is an
 *    error, that is ENOSYS, so that programs fall back. runc has it so as well; where
 *    the fallback ends the process, here it does.
 *  - A value that a 32-bit architecture's arguments cannot have is never equal and
 *    always greater; one that is negative there is meant as such.
 */

#include "syscall-program.h"

/* One rule of the config, with a rule of its own for each alternative. */
typedef struct SyscallNamedRules {
        char *const *names;
        const SyscallRule *rules;
        size_t n_rules;
} SyscallNamedRules;

/* architectures: SCMP_ARCH_…, the native one first, each once; n_implied: so many of
 * the first are not the config's. foreign: what calls of others come to, as of
 * syscall_program_build(). ret: room for as many tables, in the arena's memory. Names that libseccomp does not know, or that
 * an architecture does not have, are left out there. */
int syscall_tables_build(Arena *arena, const uint32_t *architectures, size_t n_architectures, size_t n_implied,
                         const SyscallNamedRules *rules, size_t n_rules, uint32_t fallback, uint32_t foreign,
                         SyscallTable *ret, size_t *ret_n, Error *error);
