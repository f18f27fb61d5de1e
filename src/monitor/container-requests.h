/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The commands of the control protocol (docs/architecture.md): whether one is
 * possible in the container's phase, and what does it.
 */

#include "container.h"

/* The control socket's: 0: done, 1: answered when it is, a negative errno with a
 * sentence: refused. userdata is the container. */
int container_request(void *userdata, ControlRequest *request, Error *error);
