/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Settings of a container that somebody changes while ctrd runs: the whole is validated,
 * then the files are written, then what can change in a running container does, and where
 * that fails the files are what they were.
 */

#include "settings-request.h"

/* pending: keys that take effect when the container is started next. */
typedef void (*SettingsChanged)(const Error *error, char *const *pending, void *userdata);

/* Takes the request. Either fails, and nothing has changed, or calls done, once, perhaps
 * from within. Busy where another change is under way. */
int settings_change_begin(Container *container, SettingsRequest *request, SettingsChanged done, void *userdata, Error *error);

/* Takes up what a ctrd that was killed had begun, of the container's present run. */
void settings_change_repair(Container *container);

/* The run has ended: what was being given to it is not any more. */
void settings_change_run_ended(Container *container);

/* Ends one that is under way: done is told that its container has gone. */
SettingsChange *settings_change_free(SettingsChange *change);
