/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * linux.seccomp of a container's bundle, from what its settings say.
 */

#include <jansson.h>

#include "settings.h"

/* capabilities: bits of what the container's root has. NULL where there is to be no
 * filter, and where memory is short (then errno is ENOMEM, and 0 otherwise). */
json_t *bundle_seccomp(const Settings *s, uint64_t capabilities);
