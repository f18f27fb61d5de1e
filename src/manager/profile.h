/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A profile that there is: an object with a name and a file. What it says is in the file and
 * nowhere else, and is read whenever the settings of a container are.
 */

#include "macro.h"

typedef struct Container Container;
typedef struct Manager Manager;

typedef struct Profile {
        Manager *manager;
        char *name;
        char *file; /* that counts */
} Profile;

/* Takes up what is on disk: those that have come, those that have gone, those that lie
 * elsewhere. tell: somebody listens already. */
void profiles_load(Manager *manager, bool tell);
void profiles_clear(Manager *manager);

/* As one of them is on disk now; observers are told. */
void profile_refresh(Manager *manager, const char *name);

/* Whether a container has it. */
bool profile_is_of(const char *name, const Container *container);
