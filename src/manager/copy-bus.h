/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* Methods of a container that copy files. */
int container_method_copy_to(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
int container_method_copy_from(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
