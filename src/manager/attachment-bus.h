/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Methods of a container's object that give it something, and take it away. */

#include <systemd/sd-bus.h>

int container_method_attach(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
int container_method_detach(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
