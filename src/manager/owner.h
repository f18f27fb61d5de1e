/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Users of the host whose containers are their own: Owner= of the settings. What they
 * may do with these, without an administrator, is a table of verbs (owner.c): what is
 * not in it is not theirs.
 */

#include <sys/types.h>

#include "error.h"
#include "macro.h"

typedef struct Container Container;
typedef struct Manager Manager;

/* A user, by all that Owner= may call them. */
typedef struct Owner {
        uid_t uid;
        char **names;
} Owner;

void owner_clear(Owner *owner);

/* The names are those of /etc/passwd: ctrd waits for no directory service. */
int owner_load(uid_t uid, Owner *ret);

/* Whether a container is theirs. One whose root is root of the host is nobody's. */
bool owner_has(const Owner *owner, const Container *container);

/* Whether this is among what owners may do. */
bool owner_may(const char *verb);

/* Whether these may own a container, or a new one (NULL): every name is one of /etc/passwd
 * ("InvalidSettings"), and each of them but root has fewer others than one user may own
 * ("LimitsExceeded"). more: that they are about to own besides. */
int owner_check(Manager *manager, char *const *names, const Container *container, uint64_t more, Error *error);
