/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Registration with systemd-machined, so that machinectl, systemctl -M,
 * journalctl -M and nss-mymachines know our containers. machined is not needed:
 * where it is missing, nothing is missing but that.
 */

#include <systemd/sd-bus.h>

#include "macro.h"

typedef void (*MachinedDone)(void *userdata);

/* Registers the leader, which must be in its scope by now: machined binds the
 * machine to the unit that the leader is in. An earlier registration of the name
 * (the one before a reboot) is dropped first. ifindex: the host's end of the
 * link, or 0. done is called whatever the outcome, unless the slot is dropped. */
int machined_register(sd_bus *bus, const char *name, const char *machine_id, pid_t leader, int ifindex,
                      MachinedDone done, void *userdata, sd_bus_slot **ret_slot);

/* The same, unless machined has this leader under this name already. */
int machined_ensure(sd_bus *bus, const char *name, const char *machine_id, pid_t leader, int ifindex,
                    MachinedDone done, void *userdata, sd_bus_slot **ret_slot);

/* Makes machined forget a machine; done is called whatever the outcome, unless
 * the slot is dropped. A machined that is not running is not started for it. */
int machined_unregister(sd_bus *bus, const char *name, MachinedDone done, void *userdata, sd_bus_slot **ret_slot);
