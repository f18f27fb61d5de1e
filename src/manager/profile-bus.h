/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Profiles on the bus: how one is made or changed, which is the manager's. */

#include <systemd/sd-bus.h>

int manager_method_set_profile(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
