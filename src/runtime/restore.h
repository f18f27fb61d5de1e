/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Making a container from images, instead of from its program.
 */

#include "creation.h"
#include "criu-options.h"

/* of: as for creation_run(). What it restores runs when this returns; channel is
 * not set. On failure everything is as it was before. */
int restore_run(const CreationOptions *of, const CriuOptions *o, Creation *ret, Error *error);
