/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How far a boot has come: by what the monitor is at, and by what the guest's PID 1
 * tells of itself. BootProgress on the bus, and the words and the percentage of the job
 * that waits for it.
 */

#include "link.h"

typedef struct Container Container;

/* After whatever may have changed it: tells observers where it has. */
void boot_progress_update(Container *container);

/* Takes what the guest says; what it asks for in time is given to it, as far as its
 * settings let it. */
void boot_progress_take(Container *container, const GuestWords *words);

/* Begins the time of a start; container->timer is it. */
void boot_progress_begin_timer(Container *container);
