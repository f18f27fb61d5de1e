/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Settings on the command line, KEY=VALUE each. What they mean is for ctrd to say.
 */

#include <systemd/sd-bus.h>

#include "error.h"

/* option: what stands before it on the command line ("--setting="), for the error. */
int assignment_check(const char *option, const char *text, Error *error);

/* Appends checked ones to a message, as a(ss). Returns what sd-bus does. */
int assignments_append(sd_bus_message *m, char *const *assignments);
