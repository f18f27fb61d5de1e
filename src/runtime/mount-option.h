/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The options of a mount, from words to data. Pure.
 */

#include "macro.h"

typedef enum MountIdmap {
        MOUNT_IDMAP_NONE,
        MOUNT_IDMAP_PLAIN,     /* "idmap" */
        MOUNT_IDMAP_RECURSIVE, /* "ridmap" */
} MountIdmap;

typedef struct MountOptions {
        uint64_t set, clear;                     /* MOUNT_ATTR_… of the mount */
        uint64_t recursive_set, recursive_clear; /* of it and the mounts below: "rro" … */
        unsigned long propagation;               /* MS_…, 0: none asked for */
        bool propagation_recursive;
        bool bind, bind_recursive;
        bool remount;
        bool copy_up;     /* "tmpcopyup" */
        bool copy_symlink; /* accepted, has no meaning for a mount made here */
        bool inside;      /* "x-ctrrun.inside": the source of a bind is a path of the container's */
        MountIdmap idmap;
} MountOptions;

/* Takes one word into o. Returns 1 where it was known, 0 where it is for the
 * file system itself ("size=64k", "sync"). */
int mount_options_add(MountOptions *o, const char *word);

/* The names known here, for `features`: the i-th or NULL. */
const char *mount_option_name(size_t i);

/* "private", "rshared", … to MS_…; -EINVAL. */
int mount_propagation_parse(const char *word, unsigned long *ret, bool *ret_recursive);
