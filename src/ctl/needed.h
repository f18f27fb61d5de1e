/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A container that is to be up, or down, whatever it is at: where that is so already
 * nothing is done, and where it comes about it is waited for.
 */

#include "ctl.h"

/* Both return the exit status, as job_wait_run() does, or an error. */
int needed_start(Ctl *ctl, const char *name, Error *error);
int needed_stop(Ctl *ctl, const char *name, Error *error);
