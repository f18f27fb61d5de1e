/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The thread of a container that waits for its call to be answered: its memory and
 * what it may do. Everything is reached through one directory of /proc that is known
 * to be its own; after each look the notification is asked whether it still stands.
 */

#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "macro.h"

#define CALLER_GROUPS_MAX 256

typedef struct Listener {
        int fd;
        dev_t userns_dev; /* the user namespace of the container */
        ino_t userns_ino;
} Listener;

typedef struct Caller {
        const Listener *listener;
        const struct seccomp_notif *request;
        int proc;
        int memory;
        uint32_t fsuid, fsgid; /* as on the host */
        gid_t groups[CALLER_GROUPS_MAX];
        size_t n_groups;
        uint64_t capabilities; /* effective ones; 0 in another user namespace than the container's */
        mode_t umask;
} Caller;

/* -ESRCH where the caller is gone. What is opened ends with the process. */
int caller_open(Caller *caller, const Listener *listener, const struct seccomp_notif *request);

bool caller_waits(const Caller *caller);

int caller_read(const Caller *caller, uint64_t address, void *ret, size_t n);

/* A string of less than size bytes. -ENAMETOOLONG where it is none. */
int caller_read_string(const Caller *caller, uint64_t address, char *ret, size_t size);

int caller_write(const Caller *caller, uint64_t address, const void *data, size_t n);

bool caller_has(const Caller *caller, int capability);

/* Puts this process into the caller's root and at its directory (at: a descriptor of
 * the caller's or AT_FDCWD), with its ids for files, its umask, and one capability, or
 * none (-1). There is no way back. */
int caller_become(const Caller *caller, int at, int capability);

/* After caller_become(): opens as the caller would, so that the kernel checks as for
 * itself. Magic links, which lead out of a root, are refused (ELOOP). */
int caller_open_path(const char *path, uint64_t flags);

/* Sets permitted and effective capabilities of this process. */
int caller_set_capabilities(uint64_t set);
