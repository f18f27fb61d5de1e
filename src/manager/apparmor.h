/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The host's AppArmor, as far as the kernel answers at once: what is loaded, the
 * policy namespaces, the end of a profile. Loading one is for confinement.h, since
 * it has to be compiled. Where there is no AppArmor nothing is there and nothing
 * can be made.
 */

#include "error.h"
#include "macro.h"

/* Whether the kernel runs it and lets us load policy: in a container it may be
 * neither ours nor the host's. */
bool apparmor_is_available(void);

/* Whether a profile of this name is loaded, among those that we see. */
bool apparmor_is_loaded(const char *profile);

/* The kernel's own file of a loaded profile; it is the same as long as the profile
 * is, replaced or not, and never another's. -ENOENT: it is not loaded. */
int apparmor_find_policy(const char *profile, char **ret_path);

/* Takes a profile out of the kernel. What runs under it is unconfined from then on.
 * Not being loaded is no error. */
int apparmor_unload(const char *profile);

/* Makes an empty policy namespace below ours. One that is left from before goes,
 * with what was loaded into it. */
int apparmor_namespace_make(const char *namespace);

/* Removes it with all in it. Nothing there is no error. */
int apparmor_namespace_remove(const char *namespace);
