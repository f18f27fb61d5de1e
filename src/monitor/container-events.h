/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The events of the control protocol that tell of a container
 * (docs/architecture.md), and the state that each connection first gets.
 * Every one goes to all connections.
 */

#include "container.h"

/* What the snapshot and each change of phase carry. */
void container_put_state(void *userdata, WireWriter *writer);

void container_tell_phase(Container *container);

/* Observers of the guest and of the addresses; userdata is the container. */
void container_tell_guest(void *userdata);
void container_tell_addresses(void *userdata);

/* The last event: how it ended, or why there is nothing that could end. */
void container_tell_exited(Container *container);
void container_tell_failed(Container *container);
