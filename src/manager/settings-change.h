/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Settings of a container that somebody changes while ctrd runs: the whole is validated,
 * then the files are written, then what can change in a running container does, and where
 * that fails the files are what they were.
 */

#include "container.h"
#include "settings-files.h"

typedef struct SettingsRequest {
        SettingsEdit edit;
        Settings *settings; /* all of the container's, as they would be; NULL: as they are */
        char **keys;        /* that are assigned to, or differ, once each */
        Settings *live;     /* of those keys that are attachments, what the present run shall
                             * have; NULL: the same */
} SettingsRequest;

void settings_request_clear(SettingsRequest *request);

/* Whether each is a setting, by itself; *ret_keys: their keys, once each. */
int settings_check_assignments(char *const *assignments, char ***ret_keys, Error *error);

/* Validates KEY=VALUE assignments for a container; changes nothing. runtime: until the
 * host is booted again. */
int settings_request_make(const Container *container, char *const *assignments, bool runtime, SettingsRequest *ret,
                          Error *error);

/* Validates another text of NAME.conf; see settings_edit_replace(). */
int settings_request_replace(const Container *container, const char *before, const char *after, SettingsRequest *ret,
                             Error *error);

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
