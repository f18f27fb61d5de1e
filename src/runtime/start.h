/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Telling an init that waits to go on.
 */

#include "config.h"
#include "container.h"

/* Connects to the socket that init listens on. Returns 0 when its execve(2)
 * succeeded; its own error where it failed. config: NULL where container->needs_config is false. */
int start_container(const Container *c, const Config *config, Error *error);
