/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * After=, Requires= and Wants= of a container as dependencies of its scope: systemd keeps
 * the order, at a start and when the host goes down.
 *
 * What they name is not another container's scope: a unit that is named by one that is
 * loaded is not forgotten by systemd, and a scope has to be before it can be made again.
 * Two units of templates stand for it: ctr-start@NAME.service, which is done when the
 * container is ready, and ctr@NAME.target, which is there while its scope is.
 */

#include <systemd/sd-bus.h>

#include "settings.h"

/* Appends them to the properties of a transient scope. Returns what sd-bus does. */
int unit_append_dependencies(sd_bus_message *m, const char *container, const Settings *settings);

/* Whether its start may have to wait for others. */
bool unit_has_dependencies(const Settings *settings);
