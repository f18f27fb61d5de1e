/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * SELinux: the contexts of a container. Its type comes from the host's policy, its
 * categories are its own, so that containers of one type are kept apart.
 */

#include "error.h"
#include "identity.h"
#include "settings.h"

typedef struct Manager Manager;

/* Whether the kernel has a policy that is loaded. */
bool selinux_is_available(void);

/* A pair of categories that no other container has, where this one has none yet.
 * 1: the identity has changed. */
int selinux_assign(Manager *manager, const char *name, Identity *identity, Error *error);

/* What processes and files of a container are labelled with; both NULL where the host
 * has no SELinux. */
typedef struct SelinuxContexts {
        char *process, *mount;
} SelinuxContexts;

void selinux_contexts_clear(SelinuxContexts *contexts);

/* From the settings, else from the first that the policy knows of: what lxc_contexts(5)
 * calls init_process, the type of our own module, what it calls process. */
int selinux_contexts(const Settings *settings, const Identity *identity, SelinuxContexts *ret, Error *error);

/* Labels a file of ours that the container is to read. dir: or AT_FDCWD. */
int selinux_label_file(int dir, const char *name, const char *context, Error *error);

/* Labels a directory of ours and all below it, which the container is to read. */
int selinux_label_tree(int dir, const char *context, Error *error);
