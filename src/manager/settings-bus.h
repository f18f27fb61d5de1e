/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Methods of org.ctrd1.Container about its settings: man/org.ctrd1.5. */

#include <systemd/sd-bus.h>

int container_method_get_settings(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
int container_method_set_settings(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
int container_method_get_settings_text(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
int container_method_replace_settings(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
