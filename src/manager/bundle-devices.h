/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The devices of a container's bundle: nodes (linux.devices), and what its control
 * group lets be opened (linux.resources.devices).
 */

#include <jansson.h>

#include "bundle.h"

/* NULL: no memory. */
json_t *bundle_devices(const Launch *launch);
json_t *bundle_device_rules(const Launch *launch);
