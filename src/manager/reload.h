/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * ctrd as a service: its reload, which takes up what somebody changed on disk behind its
 * back, and what it tells systemd of itself.
 */

#include "manager.h"

/* Settings that were edited by hand, and containers and images that were put there.
 * Of what runs only that changes which can without a start. What is wrong is logged, and
 * stays as it was. */
void manager_reload(Manager *manager);

/* The number of containers has changed, or their states: systemd is told soon, however
 * often this is called. */
void manager_status_changed(Manager *manager);
