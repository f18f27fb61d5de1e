/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Writing a running container to images.
 */

#include "config.h"
#include "container.h"
#include "criu-options.h"

/* config: as it was when the container was made. The container has ended
 * afterwards, unless the options leave it running. On failure it goes on as it
 * was, paused where it was paused. */
int checkpoint_run(const Container *c, const Config *config, const CriuOptions *o, Error *error);
