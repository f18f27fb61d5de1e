/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * linux.netDevices: network devices of the host's that the container takes over,
 * each with its permanent global addresses (config-linux.md, "Network Devices").
 */

#include "config.h"

typedef struct NetDeviceMove NetDeviceMove;

/* Moves all of the config into the network namespace of a descriptor, renames them,
 * gives them their addresses back and sets them up. In *ret what net_devices_return()
 * needs. On failure all are where they were. */
int net_devices_move(const Config *c, int netns, NetDeviceMove **ret, Error *error);

/* Brings all back, as they were: for a create that failed later on. */
void net_devices_return(NetDeviceMove *move);

NetDeviceMove *net_device_move_free(NetDeviceMove *move);
DEFINE_CLEANUP(NetDeviceMove *, net_device_move_free)
