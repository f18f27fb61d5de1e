/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which system calls a system container has: SeccompProfile=, what Capability=
 * adds, and SystemCallFilter= on top of both.
 *
 * What is refused although the kernel and we know it fails with EPERM, which
 * programs expect of what they may not do; what is new, unknown or of no use inside
 * fails with ENOSYS, so that they fall back.
 */

#include "syscall-set.h"

typedef enum SeccompProfile {
        SECCOMP_DEFAULT,    /* what a distribution's services use */
        SECCOMP_STRICT,     /* and no new user namespaces, no debugging, no obsolete emulation, and nothing
                               that an argument in memory hides from the filter */
        SECCOMP_NESTING,    /* and keyrings, as container engines want */
        SECCOMP_PRIVILEGED, /* and what is safe only in the hands of the host's root */
        SECCOMP_UNCONFINED, /* no filter */
        _SECCOMP_PROFILE_MAX,
        _SECCOMP_PROFILE_INVALID = -EINVAL,
} SeccompProfile;

const char *seccomp_profile_to_string(SeccompProfile profile);

#define SYSCALL_ALLOWED 0
#define SYSCALL_KILLED UINT16_MAX

/* What each call of syscall_names comes to: SYSCALL_ALLOWED, SYSCALL_KILLED, or
 * the number of an error. */
typedef struct SyscallPolicy {
        uint16_t result[SYSCALL_NAMES];
        bool new_users; /* clone(2) and unshare(2) may make user namespaces */
        bool vsock;     /* socket(2) may make sockets to the host's machine, which no namespace divides */
} SyscallPolicy;

/* One word of SystemCallFilter=, with a "~" of its own where it is of a list of
 * what is refused: [~]NAME|@GROUP[:ERROR|:kill], as in systemd.exec(5). */
bool syscall_filter_word_is_valid(const char *word);

/* capabilities: bits of what the container's root has. filter: valid words; what is
 * refused wins over what is allowed, as in systemd.nspawn(5). */
void syscall_policy_make(SeccompProfile profile, uint64_t capabilities, char *const *filter, SyscallPolicy *ret);
