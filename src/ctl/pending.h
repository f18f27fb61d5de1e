/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Settings that a running container has from its next start on. */

#include "ctl.h"

/* Reads a list of keys from a message, and says so of them. */
int pending_print(const Ctl *ctl, const char *container, sd_bus_message *m);
