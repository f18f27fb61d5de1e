/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a container that runs is given of attachment.h, as files of its run: live.conf says
 * what it has, in the form of settings, and live.next, while that is being changed, what it
 * shall have. The bundle has the same, for a reboot from inside.
 */

#include "attachment.h"
#include "container.h"

/* Where it is said, as an origin of settings. */
void live_path(const char *container, char *ret, size_t size);

/* At a start: all of it. dir: of the run. */
int live_write(int dir, const Settings *settings);

/* Before a change, and after it: made, or not. The values are those of all kinds. */
int live_begin(const Container *container, const Settings *after, Error *error);
int live_commit(const Container *container, const Settings *before, const Settings *after, Error *error);
void live_abandon(const Container *container);

/* What a run is given, put into settings; where it does not say, they are left. */
int live_load(const char *container, Settings *settings);

/* The same of a change that somebody did not come to the end of. */
bool live_is_unfinished(const char *container);
int live_load_next(const char *container, Settings **ret);

/* Writes the rules of devices of a run to where the monitor has the runtime read them. What
 * is named before as well as after need not be there any more. */
int live_write_rules(const Container *container, char *const *before, char *const *after, Error *error);
