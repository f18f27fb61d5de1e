/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * InterceptSystemCalls=: which calls of a container are done outside of it, by
 * ctr-intercept.
 */

#include <sys/mount.h>
#include <sys/types.h>

#include "macro.h"

typedef enum Interception {
        INTERCEPT_MKNOD,    /* nodes of harmless devices */
        INTERCEPT_SETXATTR, /* trusted.overlay.opaque */
        INTERCEPT_SYSINFO,  /* what the container's limits say */
        INTERCEPT_MOUNT,    /* file systems on block devices; its words name which: mount:ext4 */
        _INTERCEPTION_MAX,
        _INTERCEPTION_INVALID = -EINVAL,
} Interception;

const char *interception_to_string(Interception i);
Interception interception_from_string(const char *s);

bool interception_word_is_valid(const char *word);

/* With one of these flags mount(2) changes what is mounted. */
#define INTERCEPTION_NOT_NEW \
        ((unsigned) (MS_REMOUNT | MS_BIND | MS_MOVE | MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE))

/* The type of a word mount:TYPE, or NULL. */
const char *interception_mount_type(const char *word);
#define INTERCEPTION_TYPE_MAX 32 /* characters */

/* Whether a node of this device may be made. mode: its type is looked at. */
bool interception_may_make(mode_t mode, dev_t number);

/* Whether these n bytes may be the value of this attribute. */
bool interception_may_set(const char *attribute, const void *value, size_t n);

/* Whether an option of mount(8), "KEY" or "KEY=VALUE", may be used: not those that name
 * another file or device, or an id of the host's, or have the kernel panic. */
bool interception_may_use_option(const char *option);
