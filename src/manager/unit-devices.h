/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which devices the scope of a container lets it use: DevicePolicy= and DeviceAllow= of
 * systemd.resource-control(5).
 */

#include <systemd/sd-bus.h>

#include "macro.h"

/* Properties of a scope that is made. devices: valid values of Device=. */
int unit_append_devices(sd_bus_message *m, char *const *devices);

/* The same for one that is there, until it ends. */
int unit_set_devices(sd_bus *bus, const char *container, char *const *devices, sd_bus_message_handler_t handler, void *userdata,
                     sd_bus_slot **ret);
