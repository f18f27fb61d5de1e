/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A profile that is made, changed or removed while ctrd runs. All that have it are validated
 * with it; then the file is written; then what can change in a running container does. Where that
 * fails in one of them the profile stays, and that container has the rest from its next start on.
 */

#include "profile-file.h"
#include "settings-change.h"

typedef struct ProfileUser {
        char *container;
        SettingsRequest request;
        char **pending; /* keys that take effect when it is started next */
        char *message;  /* why they did not change at once; NULL: they never do */
        struct ProfileChange *change;
} ProfileUser;

typedef struct ProfileRequest {
        char *name;
        char *text;      /* of the file in /etc; NULL: it is removed */
        bool privileged; /* some container would get more than it has, or whoever names it */
        ProfileUser *users;
        size_t n;
        size_t n_owned; /* of them get other owners */
} ProfileRequest;

void profile_request_clear(ProfileRequest *request);

/* before: the text that it has now, or the error is Busy; "" where there is to be none. */
int profile_request_set(Manager *manager, const char *name, const char *before, const char *after, ProfileRequest *ret, Error *error);

/* "InUse" where containers have it, but where one of the package comes back: then that is what
 * they get. */
int profile_request_remove(Manager *manager, const char *name, ProfileRequest *ret, Error *error);

/* users: with pending and message. */
typedef void (*ProfileChanged)(const ProfileUser *users, size_t n, void *userdata);

/* Takes the request. Either fails, and nothing has changed, or calls done, once, perhaps from
 * within. */
int profile_change_begin(Manager *manager, ProfileRequest *request, ProfileChanged done, void *userdata, Error *error);
