/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "fragment.h"
#include "manager.h"
#include "name.h"
#include "paths.h"
#include "profile-file.h"
#include "strv.h"

static Profile *profile_free(Profile *profile) {
        if (!profile)
                return NULL;
        free(profile->name);
        free(profile->file);
        free(profile);
        return NULL;
}
DEFINE_CLEANUP(Profile *, profile_free)

static int profile_add(Manager *manager, const char *name, const char *file, Profile **ret) {
        _cleanup_(profile_freep) Profile *profile = calloc(1, sizeof(*profile));
        int r;

        if (!profile)
                return -ENOMEM;
        profile->manager = manager;
        profile->name = strdup(name);
        profile->file = strdup(file);
        if (!profile->name || !profile->file)
                return -ENOMEM;
        r = map_size(&manager->profiles) < PROFILES_MAX ? map_put(&manager->profiles, profile->name, profile) : -E2BIG;
        if (r >= 0)
                *ret = TAKE_PTR(profile);
        return r;
}

/* file: that counts; NULL: there is none any more. */
static void profile_put(Manager *manager, const char *name, const char *file, bool tell) {
        Profile *profile = map_get(&manager->profiles, name);
        char *copy;
        int r;

        if (!profile && file) {
                r = profile_add(manager, name, file, &profile);
                if (r < 0)
                        sd_journal_print(LOG_WARNING, "Profile %s is left out of the list: %s", name, strerror(-r));
                else if (tell)
                        manager->observer->profile_added(profile);
        } else if (profile && !file) {
                /* While it can still be found: what goes with an object is looked up. */
                if (tell)
                        manager->observer->profile_removed(profile);
                map_remove(&manager->profiles, name);
                profile_free(profile);
        } else if (profile && !streq(profile->file, file) && (copy = strdup(file))) {
                free(profile->file);
                profile->file = copy;
                if (tell)
                        manager->observer->profile_changed(profile);
        }
}

/* The name that a file is of, or NULL. */
static char *name_of(const char *path) {
        const char *base = strrchr(path, '/') + 1;
        char *name = strndup(base, strlen(base) - strlen(".conf"));

        if (name && name_is_valid(name))
                return name;
        free(name);
        return NULL;
}

void profiles_load(Manager *manager, bool tell) {
        char *const directories[] = { (char *) PATH_PROFILES, (char *) PATH_PROFILES_SHIPPED, NULL };
        _cleanup_strv_ char **files = NULL, **names = NULL, **gone = NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        const Profile *profile;

        if (fragment_list(directories, NULL, &files, &error) < 0) {
                sd_journal_print(LOG_WARNING, "Profiles: %s", error_message(&error));
                return;
        }
        STRV_FOREACH(f, files) {
                _cleanup_free_ char *name = name_of(*f);

                if (!name) {
                        sd_journal_print(LOG_WARNING, "%s is left out: a profile is named with a-z, 0-9 and \"-\"", *f);
                        continue;
                }
                profile_put(manager, name, *f, tell);
                (void) strv_extend(&names, name);
        }
        MAP_FOREACH(profile, &manager->profiles)
                if (!strv_contains(names, profile->name))
                        (void) strv_extend(&gone, profile->name);
        STRV_FOREACH(name, gone)
                profile_put(manager, *name, NULL, tell);
}

void profiles_clear(Manager *manager) {
        Profile *profile;

        MAP_FOREACH(profile, &manager->profiles)
                profile_free(profile);
        map_clear(&manager->profiles);
}

void profile_refresh(Manager *manager, const char *name) {
        const char *file = NULL;
        char path[PATH_MAX];

        for (ProfileFile i = 0; i < _PROFILE_FILE_MAX && !file; i++) {
                profile_file_path(i, name, path);
                if (access(path, F_OK) >= 0)
                        file = path;
        }
        profile_put(manager, name, file, true);
}

bool profile_is_of(const char *name, const Container *container) {
        return strv_contains(container->settings->profiles, name);
}
