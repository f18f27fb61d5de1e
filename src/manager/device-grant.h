/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Devices of the host that a container is given: Device=, looked up.
 */

#include <sys/types.h>

#include "device-word.h"
#include "error.h"

typedef struct DeviceGrant {
        DeviceWord word;
        mode_t mode; /* S_IFCHR or S_IFBLK, and the permissions that the host's node has */
        dev_t number;
} DeviceGrant;

#define DEVICE_GRANTS_MAX 64

/* words: valid ones. Looks at each node: what is none, or is not there, is an error
 * with a sentence. *ret is an array, for device_grants_free(). */
int device_grants_resolve(char *const *words, DeviceGrant **ret, size_t *ret_n, Error *error);
void device_grants_free(DeviceGrant *grants, size_t n);
