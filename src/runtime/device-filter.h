/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * linux.resources.devices: which devices the processes of a control group may
 * open and make. In version 2 that is a BPF program on the group, which the
 * kernel asks at each open(2) and mknod(2) of a device.
 */

#include <linux/bpf.h>

#include "config.h"

/* How many instructions the program for n rules has at most. */
#define DEVICE_FILTER_SIZE(n) (8 + 8 * (n))

/* Whether there is a rule that forbids anything. */
bool device_filter_is_needed(const Config *c);

/* Writes the program. Each kind of access (read, write, mknod) is decided by
 * the last rule that is about it and the device; where there is none it is
 * allowed. Returns the number of instructions. */
size_t device_filter_build(const ConfigDeviceRule *rules, size_t n, struct bpf_insn *ret);

/* Puts the config's rules on a control group, and those that every container
 * needs behind them: its default devices, its terminals, and mknod. cgroup: a
 * descriptor; is_new: nobody can have put such rules on it before. */
int device_filter_attach(const Config *c, int cgroup, bool is_new, Error *error);
