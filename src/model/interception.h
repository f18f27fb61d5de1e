/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * InterceptSystemCalls=: which calls of a container are done outside of it, by
 * ctr-intercept.
 */

#include <sys/types.h>

#include "macro.h"

typedef enum Interception {
        INTERCEPT_MKNOD,    /* nodes of harmless devices */
        INTERCEPT_SETXATTR, /* trusted.overlay.opaque */
        INTERCEPT_SYSINFO,  /* what the container's limits say */
        _INTERCEPTION_MAX,
        _INTERCEPTION_INVALID = -EINVAL,
} Interception;

const char *interception_to_string(Interception i);
Interception interception_from_string(const char *s);

bool interception_word_is_valid(const char *word);

/* Whether a node of this device may be made. mode: its type is looked at. */
bool interception_may_make(mode_t mode, dev_t number);

/* Whether these n bytes may be the value of this attribute. */
bool interception_may_set(const char *attribute, const void *value, size_t n);
