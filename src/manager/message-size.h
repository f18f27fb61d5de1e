/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How much of a client's there is in a message, which sd-bus does not tell. */

#include <stdint.h>
#include <systemd/sd-bus.h>

/* Of what brings settings, which are read before anybody is asked. */
#define MESSAGE_SETTINGS_MAX (1024 * 1024)

/* Bytes of its arguments, about; more than max: more than max. The message is read anew
 * from its beginning afterwards. */
size_t message_size(sd_bus_message *m, uint64_t max);
