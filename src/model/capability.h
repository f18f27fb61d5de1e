/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Capabilities by name, and the set that a system container has by default. */

#include "macro.h"

/* "CAP_SYS_ADMIN", any case. Returns the number or -EINVAL. */
int capability_from_name(const char *name);
/* "CAP_SYS_ADMIN", or NULL for a number that this build does not know. */
const char *capability_name(int cap);
#define CAPABILITY_COUNT 41

/* A bit each. Everything but what concerns the host's kernel: modules, time,
 * audit control and reading, the kernel's log, wake alarms, suspend blocking, raw I/O
 * (with CAP_SYS_RAWIO kept, sys-kernel-config.mount and its like fail inside a
 * user namespace), performance counters, BPF, checkpointing, MAC policy. */
uint64_t capability_default_set(void);
