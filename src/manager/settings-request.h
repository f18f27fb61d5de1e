/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What somebody wants the settings of a container to be, validated; nothing has changed. */

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

/* Another text of a profile, which the container has. */
int settings_request_profile(const Container *container, const ProfileText *profile, SettingsRequest *ret, Error *error);
