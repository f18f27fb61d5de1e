/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The mounts of a bundle: what every system container has, then those of the
 * settings.
 */

#include <jansson.h>

#include "bundle.h"

int bundle_mounts(const Launch *launch, json_t **ret);
