/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Method calls over a bus, without libsystemd: two round trips, where a library
 * takes three and the better part of a millisecond to be loaded.
 */

#include <sys/types.h>

#include "dbus-message.h"

typedef struct DirectBus {
        int fd;
        int passed;  /* a descriptor that has come and belongs to a message to come */
        size_t size; /* of what has come and is not yet taken */
        size_t returned; /* of the message at its front that the caller has seen */
        char data[DBUS_MESSAGE_MAX];
} DirectBus;

#define DIRECT_BUS_PATH "/run/dbus/system_bus_socket"

/* Connects and asks for a name. 0, or a negative errno; to be closed in any case. */
int direct_bus_open(DirectBus *bus, const char *path);
void direct_bus_close(DirectBus *bus);

/* The same in two steps, between which there may be something else to do. uid: the
 * caller's, as the bus sees it. */
int direct_bus_connect(DirectBus *bus, const char *path, uid_t uid);
int direct_bus_handshake(DirectBus *bus);

/* For conversations: sends whole messages, with serials from DIRECT_BUS_SERIAL on,
 * and waits for the next that comes, whatever it is. It stays where it is until the
 * one after it is asked for. */
int direct_bus_send(DirectBus *bus, const DBusWriter *messages);
int direct_bus_receive(DirectBus *bus, DBusMessage *ret);

/* Makes the one call, whose serial is DIRECT_BUS_SERIAL, and waits for the answer,
 * which is a descriptor ("h"). -ENOMSG: nothing was sent, or the answer is an error,
 * and so nothing was done. Another negative errno: what became of the call is not
 * known. */
#define DIRECT_BUS_SERIAL 2
int direct_bus_call(DirectBus *bus, const DBusWriter *message, const int *fds, size_t n_fds, int *ret_fd);
