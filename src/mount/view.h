/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files of /proc and /sys that say what a container has and not what the host has, as
 * lxcfs makes them.
 */

#include "guest.h"

/* Puts those of source (where lxcfs is mounted) over the kernel's inside, in place of what
 * lies there: the file system behind it may have died. What source does not have is the
 * kernel's again; source NULL: all of it. */
int view_set(const Guest *guest, const char *source, Error *error);
