/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Chosen properties of all containers in one answer: man/org.ctrd1.5. */

#include <systemd/sd-bus.h>

int manager_method_list_containers(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
