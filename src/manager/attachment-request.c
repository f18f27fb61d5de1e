/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>

#include "attachment-request.h"
#include "live.h"
#include "strv.h"

/* What one list shall be: with a value more, or without one. */
typedef struct Difference {
        AttachmentKind kind;
        const char *value;
        bool add;
} Difference;

static int check_state(const Container *c, bool permanent, Error *error) {
        if (!permanent && !container_state_is_active(c->state))
                return error_set(error, ENOENT, "NotRunning",
                                 "container %s is not running: start it first, or have the change remembered (--permanent)", c->name);
        return 0;
}

/* The assignments that make a list of settings another one. */
static int list_assignments(const Settings *settings, const Difference *d, char ***ret) {
        const char *key = attachment_kind_to_string(d->kind);
        _cleanup_strv_ char **assignments = NULL;
        int r = 0;

        STRV_FOREACH(v, attachment_list(settings, d->kind)) {
                char *one[] = { *v, NULL };
                _cleanup_free_ char *quoted = NULL;

                if (streq(*v, d->value))
                        continue;
                quoted = strv_join_quoted(one);
                r = quoted ? strv_extendf(&assignments, "%s=%s", key, quoted) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        if (d->add) {
                char *one[] = { (char *) d->value, NULL };
                _cleanup_free_ char *quoted = strv_join_quoted(one);

                r = quoted ? strv_extendf(&assignments, "%s=%s", key, quoted) : -ENOMEM;
        }
        if (r >= 0 && !assignments)
                r = strv_extendf(&assignments, "%s=", key);
        if (r >= 0)
                *ret = TAKE_PTR(assignments);
        return r;
}

static int make_live(const Container *c, const Difference *d, Settings **ret, Error *error) {
        _cleanup_(settings_freep) Settings *live = settings_new();
        _cleanup_strv_ char **assignments = NULL;
        char origin[PATH_MAX];
        int r;

        live_path(c->name, origin, sizeof(origin));
        r = live ? list_assignments(c->settings, d, &assignments) : -ENOMEM;
        STRV_FOREACH(a, assignments) {
                const char *key = attachment_kind_to_string(d->kind);

                if (r >= 0)
                        r = settings_set(live, NULL, key, *a + strlen(key) + 1, origin, TRUST_ADMIN, error);
        }
        if (r >= 0 && d->add && attachment_count(c->settings) >= ATTACHMENTS_MAX)
                return error_set(error, EUSERS, "LimitsExceeded", "container %s has been given %d things already", c->name,
                                 ATTACHMENTS_MAX);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(live);
        return 0;
}

static int make_permanent(const Container *c, const Difference *d, SettingsRequest *request, Error *error) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        _cleanup_strv_ char **assignments = NULL;
        int r = settings_files_load(c->name, NULL, &settings, error);

        if (r >= 0)
                r = list_assignments(settings, d, &assignments);
        return r < 0 ? r : settings_request_make(c, assignments, false, request, error);
}

static int make(const Container *c, const Difference *d, bool permanent, SettingsRequest *ret, Error *error) {
        SettingsRequest request = {};
        int r = permanent ? make_permanent(c, d, &request, error)
                          : strv_extend(&request.keys, attachment_kind_to_string(d->kind));

        if (r >= 0 && container_state_is_active(c->state))
                r = make_live(c, d, &request.live, error);
        if (r < 0) {
                settings_request_clear(&request);
                return r;
        }
        *ret = request;
        return 0;
}

/* The one word that a value is. */
static int take_word(AttachmentKind kind, const char *value, char **ret, Error *error) {
        const char *key = attachment_kind_to_string(kind);
        _cleanup_(settings_freep) Settings *scratch = settings_new();
        char **list;
        int r;

        if (!scratch)
                return -ENOMEM;
        r = settings_set(scratch, NULL, key, value, "", TRUST_ADMIN, error);
        if (r < 0)
                return r;
        list = attachment_list(scratch, kind);
        if (strv_length(list) != 1 || endswith(list[0], "\\"))
                return error_set(error, EINVAL, "InvalidSettings", "give one value for %s=, which does not end in a backslash", key);
        *ret = strdup(list[0]);
        return *ret ? 0 : -ENOMEM;
}

static int check_target(const Container *c, const Settings *settings, const Difference *d, const char *target, bool may_be_same,
                        Error *error) {
        AttachmentKind kind;
        const char *value;
        int r = attachment_find(settings, target, &kind, &value);

        if (r == -ENOENT || (r >= 0 && may_be_same && kind == d->kind && streq(value, d->value)))
                return 0;
        return r < 0 ? r
                     : error_set(error, EEXIST, "Exists", "container %s has %s=%s already: remove that first, or choose another place",
                                 c->name, attachment_kind_to_string(kind), value);
}

int attachment_request_add(const Container *c, AttachmentKind kind, const char *value, bool permanent, SettingsRequest *ret,
                           Error *error) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        _cleanup_free_ char *word = NULL;
        Difference d = { .kind = kind, .add = true };
        Attachment a;
        int r;

        r = take_word(kind, value, &word, error);
        if (r >= 0)
                r = check_state(c, permanent, error);
        if (r >= 0)
                r = attachment_parse(kind, word, &a);
        if (r < 0)
                return r;
        d.value = word;
        /* What is there until the stop may come to stay. */
        if (container_state_is_active(c->state))
                r = check_target(c, c->settings, &d, a.target, permanent, error);
        if (r >= 0 && permanent) {
                r = settings_files_load(c->name, NULL, &settings, error);
                if (r >= 0)
                        r = check_target(c, settings, &d, a.target, true, error);
        }
        attachment_clear(&a);
        return r < 0 ? r : make(c, &d, permanent, ret, error);
}

int attachment_request_remove(const Container *c, const char *target, bool permanent, SettingsRequest *ret, Error *error) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        Difference d = {};
        int r = check_state(c, permanent, error);

        if (r < 0)
                return r;
        r = container_state_is_active(c->state) ? attachment_find(c->settings, target, &d.kind, &d.value) : -ENOENT;
        if (r == -ENOENT && permanent) {
                r = settings_files_load(c->name, NULL, &settings, error);
                if (r >= 0)
                        r = attachment_find(settings, target, &d.kind, &d.value);
        }
        if (r == -ENOENT)
                return error_set(error, ENOENT, "NoSuchAttachment",
                                 "container %s was given nothing at %.256s: \"ctrctl get %s Bind Device Credential\" says what it was",
                                 c->name, target, c->name);
        return r < 0 ? r : make(c, &d, permanent, ret, error);
}
