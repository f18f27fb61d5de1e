/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The kinds of namespaces, and namespaces by path.
 */

#include "error.h"
#include "macro.h"

typedef enum NamespaceType {
        NAMESPACE_USER, /* first: who owns the others */
        NAMESPACE_PID,
        NAMESPACE_NETWORK,
        NAMESPACE_IPC,
        NAMESPACE_UTS,
        NAMESPACE_CGROUP,
        NAMESPACE_TIME,
        NAMESPACE_MOUNT, /* last: joining it changes what paths mean */
        NAMESPACE_MAX,
        NAMESPACE_INVALID = -EINVAL,
} NamespaceType;

const char *namespace_type_to_string(NamespaceType type); /* as the runtime-spec has it */
NamespaceType namespace_type_from_string(const char *s);

/* CLONE_NEW… of a kind. */
uint64_t namespace_type_flag(NamespaceType type);

/* Opens a namespace file and checks that it is one of this kind. Returns the
 * descriptor or a negative errno. */
int namespace_open(NamespaceType type, const char *path, Error *error);
