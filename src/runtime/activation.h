/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Socket activation (sd_listen_fds(3)): descriptors that a service manager gave
 * the runtime, which are the container's.
 */

#include "config.h"
#include "error.h"

/* Tells the container's process of them. Returns how many there are, from 3 on:
 * 0 where none is given, or they are another process's. */
int activation_take(Config *c, Error *error);
