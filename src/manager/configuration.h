/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where the settings of ctrd itself are:
 *
 *   /etc/ctrd/ctrd.conf, or that of /run/ctrd, or that of /usr/lib/ctrd: the first that is there
 *   ctrd.conf.d/ *.conf of all three, in the order of their names
 */

#include "manager-settings.h"

/* Reads all of them. What is wrong in them is logged, and is as if it were not there: ctrd
 * comes up whatever they hold. */
void configuration_load(ManagerSettings *ret);
