/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>

#include "attachment.h"
#include "live.h"
#include "settings-request.h"
#include "strv.h"

void settings_request_clear(SettingsRequest *request) {
        settings_edit_clear(&request->edit);
        settings_free(request->settings);
        settings_free(request->live);
        strv_free(request->keys);
        *request = (SettingsRequest){};
}

/* Each by itself, for an error that says nothing of files; and none may be two lines of
 * a file, or half of one (Incus CVE-2026-23953). */
int settings_check_assignments(char *const *assignments, char ***ret_keys, Error *error) {
        _cleanup_(settings_freep) Settings *scratch = settings_new();
        _cleanup_strv_ char **keys = NULL;

        if (!scratch)
                return -ENOMEM;
        STRV_FOREACH(a, assignments) {
                const char *value = strchr(*a, '=') + 1;
                _cleanup_free_ char *key = strndup(*a, (size_t) (value - 1 - *a));
                int r;

                if (!key)
                        return -ENOMEM;
                if (strpbrk(value, "\r\n") || endswith(value, "\\"))
                        return error_set(error, EINVAL, "InvalidSettings",
                                         "the value of %.64s= must be one line that does not end in a backslash", key);
                r = settings_set(scratch, NULL, key, value, "", TRUST_ADMIN, error);
                if (r >= 0 && !strv_contains(keys, key))
                        r = strv_extend(&keys, key);
                if (r < 0)
                        return r;
        }
        *ret_keys = TAKE_PTR(keys);
        return 0;
}

/* The keys that differ from what the files say now, added once each. Where they are wrong
 * now, which is not in the way of what is right, that may be all. */
static int list_differences(const char *name, const Settings *settings, char ***keys) {
        _cleanup_(settings_freep) Settings *now = NULL;
        bool known = settings_files_load(name, NULL, &now, NULL) >= 0;
        int r = 0;

        for (size_t i = 0; i < settings_keys() && r >= 0; i++) {
                const char *key = settings_key(i).key;

                if ((!known || settings_differ(now, settings, key)) && !strv_contains(*keys, key))
                        r = strv_extend(keys, key);
        }
        return r;
}

int settings_request_make(const Container *container, char *const *assignments, bool runtime, SettingsRequest *ret,
                          Error *error) {
        SettingsRequest request = {};
        int r;

        if (!assignments || !assignments[0])
                return error_set(error, EINVAL, "InvalidSettings", "there is nothing to set: give at least one setting");
        r = settings_check_assignments(assignments, &request.keys, error);
        if (r >= 0)
                r = settings_edit_make(container->name, assignments, runtime, &request.edit, error);
        if (r >= 0)
                r = settings_files_load(container->name, &request.edit, &request.settings, error);
        /* Another list of profiles is another value of whatever they set. */
        if (r >= 0 && strv_contains(request.keys, "Profile"))
                r = list_differences(container->name, request.settings, &request.keys);
        if (r < 0) {
                settings_request_clear(&request);
                return r;
        }
        *ret = request;
        return 0;
}

int settings_request_replace(const Container *container, const char *before, const char *after, SettingsRequest *ret,
                             Error *error) {
        SettingsRequest request = {};
        int r = settings_edit_replace(container->name, before, after, &request.edit, error);

        if (r >= 0)
                r = settings_files_load(container->name, &request.edit, &request.settings, error);
        if (r >= 0)
                r = list_differences(container->name, request.settings, &request.keys);
        if (r < 0) {
                settings_request_clear(&request);
                return r;
        }
        *ret = request;
        return 0;
}

/* What the run was given besides, until it ends, stays. */
static int keep_attachments(const Container *c, const Settings *before, SettingsRequest *request) {
        _cleanup_(settings_freep) Settings *live = settings_new();
        char origin[PATH_MAX];
        int r = live ? attachment_copy_all(live, request->settings) : -ENOMEM;

        live_path(c->name, origin, sizeof(origin));
        for (AttachmentKind i = 0; i < _ATTACHMENT_KIND_MAX; i++)
                STRV_FOREACH(v, attachment_list(c->settings, i)) {
                        char *one[] = { *v, NULL };
                        _cleanup_free_ char *quoted = NULL;

                        if (strv_contains(attachment_list(before, i), *v) || strv_contains(attachment_list(live, i), *v))
                                continue;
                        quoted = strv_join_quoted(one);
                        if (r >= 0)
                                r = quoted ? settings_set(live, NULL, attachment_kind_to_string(i), quoted, origin, TRUST_ADMIN, NULL) : -ENOMEM;
                }
        if (r >= 0)
                request->live = TAKE_PTR(live);
        return r;
}

int settings_request_profile(const Container *container, const ProfileText *profile, SettingsRequest *ret, Error *error) {
        _cleanup_(settings_freep) Settings *before = NULL;
        SettingsRequest request = {};
        int r;

        r = settings_files_load(container->name, &(SettingsEdit){ .profile = profile }, &request.settings, error);
        if (r >= 0)
                r = list_differences(container->name, request.settings, &request.keys);
        if (r >= 0 && container_state_is_active(container->state) && settings_files_load(container->name, NULL, &before, NULL) >= 0)
                r = keep_attachments(container, before, &request);
        if (r < 0) {
                settings_request_clear(&request);
                return r;
        }
        *ret = request;
        return 0;
}
