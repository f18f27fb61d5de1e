/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who leaves the bus. One match tells of all: a match for each client would come to an end
 * with those that a bus allows a connection.
 */

#include <systemd/sd-bus.h>

/* The handler gets a message for departure_read(). Asynchronous: the bus does what is asked
 * of it in order, so what is asked after this is answered after it. */
int departure_watch(sd_bus *bus, sd_bus_slot **ret, sd_bus_message_handler_t handler, void *userdata);

/* The unique name that has gone; NULL where none has. */
const char *departure_read(sd_bus_message *m);
