/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>
#include <systemd/sd-journal.h>

#include "fragment.h"
#include "manager.h"
#include "owner.h"
#include "profile-change.h"
#include "strv.h"

typedef struct ProfileChange {
        ProfileRequest request;
        size_t waiting;
        ProfileChanged done;
        void *userdata;
} ProfileChange;

void profile_request_clear(ProfileRequest *request) {
        for (size_t i = 0; i < request->n; i++) {
                settings_request_clear(&request->users[i].request);
                strv_free(request->users[i].pending);
                free(request->users[i].container);
                free(request->users[i].message);
        }
        free(request->users);
        free(request->name);
        free(request->text);
        *request = (ProfileRequest){};
}

/* Room for all of them, so that none moves while it is being waited for. */
static int make_room(Manager *manager, const char *name, ProfileRequest *request) {
        const Container *c;
        size_t n = 0;

        MAP_FOREACH(c, &manager->containers)
                n += profile_is_of(name, c);
        request->users = calloc(n ?: 1, sizeof(*request->users));
        return request->users ? 0 : -ENOMEM;
}

/* What is wrong with a container already is not the profile's fault: it stays as it is. */
static int add_user(ProfileRequest *request, const Container *c, const ProfileText *profile, Error *error) {
        ProfileUser *user = &request->users[request->n++];
        _cleanup_(settings_freep) Settings *now = NULL;
        _cleanup_error_ Error cause = ERROR_INIT;
        int r;

        user->container = strdup(c->name);
        if (!user->container)
                return -ENOMEM;
        r = settings_request_profile(c, profile, &user->request, &cause);
        if (r < 0 && settings_files_load(c->name, NULL, &now, NULL) < 0)
                return (user->message = strdup(error_message(&cause))) ? 0 : -ENOMEM;
        if (r >= 0 && !strv_equal(user->request.settings->owners, c->settings->owners))
                r = owner_check(c->manager, user->request.settings->owners, c, request->n_owned++, &cause);
        if (r < 0) {
                error_prefix(&cause, "container %s could not have it", c->name);
                return error_is_set(&cause) ? error_move(error, &cause) : r;
        }
        request->privileged = request->privileged || (settings_is_privileged(user->request.settings) && !settings_is_privileged(c->settings));
        return 0;
}

static int add_users(Manager *manager, ProfileRequest *request, const ProfileText *profile, Error *error) {
        _cleanup_(settings_freep) Settings *alone = settings_new();
        const Container *c;
        int r = alone ? profile_text_parse(alone, profile, error) : -ENOMEM;

        if (r < 0)
                return r;
        request->privileged = settings_is_privileged(alone);
        r = make_room(manager, profile->name, request);
        MAP_FOREACH(c, &manager->containers) {
                if (r < 0 || !profile_is_of(profile->name, c))
                        continue;
                r = c->change ? error_set(error, EBUSY, "Busy", "the settings of container %s are being changed: try again", c->name)
                              : add_user(request, c, profile, error);
        }
        return r;
}

/* Gives it away, or clears it. */
static int finish_request(ProfileRequest *request, int r, ProfileRequest *ret) {
        if (r < 0)
                profile_request_clear(request);
        else
                *ret = *request;
        return r;
}

static int check_before(Manager *manager, const char *name, const char *before, Error *error) {
        _cleanup_error_ Error none = ERROR_INIT;
        _cleanup_free_ char *now = NULL;
        char path[PATH_MAX];
        int r = profile_file_read(name, path, &now, &none);

        if (r < 0 && !error_has_name(&none, "NoSuchProfile"))
                return error_move(error, &none);
        if (r >= 0 && streq(now, before))
                return 0;
        if (r >= 0 && isempty(before))
                return error_set(error, EEXIST, "Exists", "there is a profile %s already: read it first (systemctl reload ctrd, where it is not listed), or choose another name", name);
        if (r < 0 && !isempty(before))
                return error_move(error, &none);
        if (r < 0 && map_size(&manager->profiles) >= PROFILES_MAX)
                return error_set(error, EBUSY, "LimitsExceeded", "there are %d profiles already, which is the most", PROFILES_MAX);
        return r < 0 ? 0 : error_set(error, EBUSY, "Busy", "profile %s has been changed meanwhile: look at it again", name);
}

int profile_request_set(Manager *manager, const char *name, const char *before, const char *after, ProfileRequest *ret, Error *error) {
        ProfileRequest request = {};
        char path[PATH_MAX];
        int r = profile_name_check(name, error);

        if (r >= 0 && strlen(after) > PROFILE_TEXT_MAX)
                r = error_set(error, E2BIG, "LimitsExceeded", "a profile has at most %d bytes", PROFILE_TEXT_MAX);
        if (r >= 0)
                r = check_before(manager, name, before, error);
        if (r < 0)
                return r;
        request.name = strdup(name);
        request.text = strdup(after);
        if (!request.name || !request.text)
                return finish_request(&request, -ENOMEM, ret);
        profile_file_path(PROFILE_OWN, name, path);
        return finish_request(&request, add_users(manager, &request, &(ProfileText){ name, path, after }, error), ret);
}

static int list_users(Manager *manager, const char *name, char ***ret) {
        const Container *c;
        int r = 0;

        MAP_FOREACH(c, &manager->containers)
                if (r >= 0 && profile_is_of(name, c))
                        r = strv_extend(ret, c->name);
        return r;
}

int profile_request_remove(Manager *manager, const char *name, ProfileRequest *ret, Error *error) {
        _cleanup_free_ char *own = NULL, *shipped = NULL, *list = NULL;
        _cleanup_strv_ char **users = NULL;
        char own_path[PATH_MAX], path[PATH_MAX];
        ProfileRequest request = {};
        int r;

        profile_file_path(PROFILE_OWN, name, own_path);
        profile_file_path(PROFILE_SHIPPED, name, path);
        r = fragment_read(own_path, true, &own, error);
        if (r >= 0)
                r = fragment_read(path, true, &shipped, error);
        if (r < 0)
                return r;
        if (!own && !shipped)
                return error_set(error, ENOENT, "NoSuchProfile", "profile %s has gone: tell ctrd to read what is on disk (systemctl reload ctrd)",
                                 name);
        if (!own)
                return error_set(error, EOPNOTSUPP, "NotSupported", "profile %s comes with a package: link %s to /dev/null to hide it", name,
                                 own_path);
        if (!shipped && (r = list_users(manager, name, &users)) < 0)
                return r;
        if (users) {
                list = strv_join(users, ", ");
                return error_set(error, EBUSY, "InUse", "profile %s is used by %s: set Profile= of them first", name, strempty(list));
        }
        request.name = strdup(name);
        if (!request.name)
                r = -ENOMEM;
        else if (shipped)
                r = add_users(manager, &request, &(ProfileText){ name, path, shipped }, error);
        return finish_request(&request, r, ret);
}

static void one_is_done(ProfileChange *change) {
        if (--change->waiting > 0)
                return;
        change->done(change->request.users, change->request.n, change->userdata);
        profile_request_clear(&change->request);
        free(change);
}

static void on_changed(const Error *error, char *const *pending, void *userdata) {
        ProfileUser *user = userdata;

        if (error)
                user->message = strdup(error_message(error));
        else if (pending)
                user->pending = strv_copy(pending);
        one_is_done(user->change);
}

/* What it could not change is what it has not got. */
static void take_failure(ProfileUser *user, const Error *error, int r) {
        user->message = strdup(error_is_set(error) ? error_message(error) : strerror(-r));
        sd_journal_print(LOG_WARNING, "Container %s has its profile's settings from its next start on: %s", user->container,
                         strempty(user->message));
}

int profile_change_begin(Manager *manager, ProfileRequest *request, ProfileChanged done, void *userdata, Error *error) {
        ProfileChange *change = calloc(1, sizeof(*change));
        int r = change ? profile_file_write(request->name, request->text, error) : -ENOMEM;

        if (r < 0) {
                free(change);
                return r;
        }
        *change = (ProfileChange){ .request = *request, .waiting = 1, .done = done, .userdata = userdata };
        *request = (ProfileRequest){};
        profile_refresh(manager, change->request.name);
        sd_journal_print(LOG_INFO, "Profile %s %s", change->request.name, change->request.text ? "set" : "removed");
        for (size_t i = 0; i < change->request.n; i++) {
                _cleanup_error_ Error failure = ERROR_INIT;
                ProfileUser *user = &change->request.users[i];
                Container *c = map_get(&manager->containers, user->container);

                user->change = change;
                if (!c || !user->request.keys || user->message)
                        continue;
                change->waiting++;
                r = settings_change_begin(c, &user->request, on_changed, user, &failure);
                if (r < 0) {
                        take_failure(user, &failure, r);
                        change->waiting--;
                }
        }
        one_is_done(change);
        return 0;
}
