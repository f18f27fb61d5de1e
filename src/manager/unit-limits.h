/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The limits of a container, [Resources] of its settings, as properties of its scope.
 */

#include <systemd/sd-bus.h>

#include "settings.h"

/* Whether a setting is such a property. */
bool unit_limit_exists(const char *key);

/* Appends elements (sv): of all that are set, or of these keys, which are taken back
 * where they are not set. */
int unit_append_limits(sd_bus_message *m, const Settings *s, char *const *keys);

/* Sets these keys of a running container's scope, until it ends; handler gets the answer. */
int unit_set_limits(sd_bus *bus, const char *container, const Settings *s, char *const *keys,
                    sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret);

/* Asks for the properties of a running container's scope; handler gets the answer, which
 * unit_take_limits() reads. */
int unit_get_limits(sd_bus *bus, const char *container, sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret);

/* Puts the limits that the scope has in place of those that differ: somebody has set
 * them by systemctl(1), set-property. origin: who they are from. */
int unit_take_limits(sd_bus_message *answer, Settings *s, const char *origin);
