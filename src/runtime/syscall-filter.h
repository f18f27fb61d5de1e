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

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1u << 5)
#endif

#define SYSCALL_FILTER_DIGEST 32

typedef struct SyscallFilter {
        struct sock_fprog program;
        unsigned flags; /* SECCOMP_FILTER_FLAG_… */
        bool notifies;  /* somebody listens: see syscall-listener.h */
        uint8_t digest[SYSCALL_FILTER_DIGEST]; /* of what it was made of: see syscall-cache.h */
        char *file; /* what it was read from: the program is in there */
} SyscallFilter;

/* Builds (syscall-rules.c). What names a system call that this libseccomp does
 * not know is left out, as the specification's users expect. */
int syscall_filter_compile(const json_t *object, SyscallFilter **ret, Error *error);
SyscallFilter *syscall_filter_free(SyscallFilter *f);
DEFINE_CLEANUP(SyscallFilter *, syscall_filter_free)

/* The words of the specification that are known, NULL past the last. */
const char *syscall_filter_action_name(size_t i);
const char *syscall_filter_operator_name(size_t i);
const char *syscall_filter_arch_name(size_t i);
const char *syscall_filter_flag_name(size_t i);

/* Loads it into the calling thread: needs no_new_privs or CAP_SYS_ADMIN.
 * Returns what the kernel returns: with SECCOMP_FILTER_FLAG_NEW_LISTENER the
 * listener's descriptor. */
int syscall_filter_load(const SyscallFilter *f, unsigned more_flags, Error *error);

/* Keeps a compiled filter, and reads it back: in a directory that only the
 * runtime's user can write. A file of another's, or that others can write, is
 * refused (-EPERM); -EBADMSG where it is none, or damaged. */
int syscall_filter_write(const SyscallFilter *f, int directory, const char *name);
int syscall_filter_read(int directory, const char *name, SyscallFilter **ret);
