/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "idrange.h"
#include "settings-table.h"
#include "settings.h"
#include "strv.h"
#include "text.h"

static const char *const network_modes[_NETWORK_MODE_MAX] = {
        [NETWORK_HOST] = "host",
        [NETWORK_PRIVATE] = "private",
        [NETWORK_VETH] = "veth",
};

static const char *const tristates[_TRISTATE_MAX] = {
        [TRISTATE_AUTO] = "auto",
        [TRISTATE_YES] = "yes",
        [TRISTATE_NO] = "no",
};

static const char *const user_namespace_modes[_USER_NAMESPACE_MODE_MAX] = {
        [USER_NAMESPACE_NO] = "no",
        [USER_NAMESPACE_YES] = "yes",
        [USER_NAMESPACE_IDENTITY] = "identity",
};

static const char *const autostarts[_AUTOSTART_MAX] = {
        [AUTOSTART_NO] = "no",
        [AUTOSTART_YES] = "yes",
        [AUTOSTART_LAST] = "last",
};

static const char *const journal_link_modes[_JOURNAL_LINK_MODE_MAX] = {
        [JOURNAL_LINK_NO] = "no",
        [JOURNAL_LINK_GUEST] = "guest",
};

static const char *const restart_policies[_RESTART_POLICY_MAX] = {
        [RESTART_NO] = "no",
        [RESTART_ON_FAILURE] = "on-failure",
        [RESTART_ON_ABNORMAL] = "on-abnormal",
        [RESTART_ALWAYS] = "always",
};

const char *autostart_to_string(Autostart autostart) {
        return autostart >= 0 && autostart < _AUTOSTART_MAX ? autostarts[autostart] : NULL;
}

const char *journal_link_mode_to_string(JournalLinkMode mode) {
        return mode >= 0 && mode < _JOURNAL_LINK_MODE_MAX ? journal_link_modes[mode] : NULL;
}

const char *restart_policy_to_string(RestartPolicy policy) {
        return policy >= 0 && policy < _RESTART_POLICY_MAX ? restart_policies[policy] : NULL;
}

const char *user_namespace_mode_to_string(UserNamespaceMode mode) {
        return mode >= 0 && mode < _USER_NAMESPACE_MODE_MAX ? user_namespace_modes[mode] : NULL;
}

const char *network_mode_to_string(NetworkMode mode) {
        return mode >= 0 && mode < _NETWORK_MODE_MAX ? network_modes[mode] : NULL;
}

const char *tristate_to_string(Tristate t) {
        return t >= 0 && t < _TRISTATE_MAX ? tristates[t] : NULL;
}

static void *row_field(const Settings *s, const SettingRow *row) {
        return (char *) s + row->offset;
}

Settings *settings_new(void) {
        Settings *s = calloc(1, sizeof(*s));

        if (!s)
                return NULL;
        s->origins = calloc(settings_table.n, sizeof(char *));
        s->resets = calloc(settings_table.n, sizeof(bool));
        if (!s->origins || !s->resets) {
                free(s->origins);
                free(s->resets);
                free(s);
                return NULL;
        }
        for (size_t i = 0; i < settings_table.n; i++)
                settings_table.rows[i].reset(&settings_table.rows[i], row_field(s, &settings_table.rows[i]));
        return s;
}

Settings *settings_free(Settings *s) {
        if (!s)
                return NULL;
        for (size_t i = 0; i < settings_table.n; i++) {
                settings_table.rows[i].reset(&settings_table.rows[i], row_field(s, &settings_table.rows[i]));
                free(s->origins[i]);
        }
        free(s->origins);
        free(s->resets);
        free(s);
        return NULL;
}

#define SETTING_VALUE_MAX 65536

static int set_row(Settings *s, const SettingRow *row, const char *value, const char *origin, SettingTrust trust, Error *error) {
        _cleanup_free_ char *from = NULL, *copy = NULL;
        int r;

        if (trust == TRUST_IMAGE && row->trust != TRUST_IMAGE)
                return error_set(error, EPERM, "InvalidSettings",
                                 "%s= may not be set by an image: set it in the container's own settings", row->key);
        if (trust == TRUST_PROFILE && row->of_one)
                return error_set(error, EPERM, "InvalidSettings",
                                 "%s= may not be set by a profile, which many have: set it in the container's own settings", row->key);

        if (strlen(strempty(value)) > SETTING_VALUE_MAX)
                return error_set(error, E2BIG, "InvalidSettings", "%s= has more than %d bytes", row->key, SETTING_VALUE_MAX);

        /* Blanks around a value would be lost in a file: they are nobody's. */
        from = strdup(strempty(origin));
        copy = strdup(strempty(value));
        if (!from || !copy)
                return -ENOMEM;
        value = setting_strip(copy);

        if (!*value)
                row->reset(row, row_field(s, row));
        else {
                r = row->parse(row, row_field(s, row), value, error);
                if (r < 0)
                        return r;
        }

        size_t i = (size_t) (row - settings_table.rows);
        free(s->origins[i]);
        s->origins[i] = *value ? TAKE_PTR(from) : NULL;
        s->resets[i] = s->resets[i] || !*value;
        return 0;
}

int settings_set(Settings *s, const char *section, const char *key, const char *value, const char *origin,
                 SettingTrust trust, Error *error) {
        const SettingRow *row = setting_table_find(&settings_table, section, key);

        return row ? set_row(s, row, value, origin, trust, error) : setting_table_refuse(&settings_table, section, key, error);
}

typedef struct Fragment {
        Settings *settings;
        const char *path;
        SettingTrust trust;
} Fragment;

static int take_assignment(const SettingRow *row, const char *value, void *userdata, Error *error) {
        const Fragment *fragment = userdata;

        return set_row(fragment->settings, row, value, fragment->path, fragment->trust, error);
}

int settings_parse(Settings *s, const char *text, const char *path, SettingTrust trust, Error *error) {
        Fragment fragment = { s, path, trust };

        return setting_text_parse(&settings_table, text, path, take_assignment, NULL, &fragment, error);
}

int settings_validate(const Settings *s, Error *error) {
        if (s->network_mode != NETWORK_VETH && (s->addresses || s->gateways || s->mac_address))
                return error_set(error, EINVAL, "InvalidSettings",
                                 "Address=, Gateway= and MACAddress= need Mode=veth, but Mode is %s",
                                 network_mode_to_string(s->network_mode));
        if (s->gateways && !s->addresses)
                return error_set(error, EINVAL, "InvalidSettings", "Gateway= needs an Address= from which it is reached");
        if (s->user_namespace != USER_NAMESPACE_YES && (s->uid_base != UINT32_MAX || s->uid_count != UINT32_MAX))
                return error_set(error, EINVAL, "InvalidSettings", "%s= has no meaning with UserNamespace=%s",
                                 s->uid_base != UINT32_MAX ? "UIDBase" : "UIDCount",
                                 user_namespace_mode_to_string(s->user_namespace));
        if (s->intercept && s->user_namespace != USER_NAMESPACE_YES)
                return error_set(error, EINVAL, "InvalidSettings",
                                 "InterceptSystemCalls= needs UserNamespace=yes: without, root inside may do these calls itself");
        if (s->intercept && s->seccomp_profile == SECCOMP_UNCONFINED)
                return error_set(error, EINVAL, "InvalidSettings",
                                 "InterceptSystemCalls= needs a filter: remove SeccompProfile=unconfined");
        if (s->uid_base != UINT32_MAX && (uint64_t) s->uid_base + settings_uid_count(s) > UIDS_END)
                return error_set(error, EINVAL, "InvalidSettings", "UIDBase=%u leaves no room for %u ids: the last is %u",
                                 s->uid_base, settings_uid_count(s), UIDS_END - 1);
        if ((s->restart_steps > 0) != (s->restart_max_delay_usec != USEC_INFINITY))
                return error_set(error, EINVAL, "InvalidSettings",
                                 "RestartSteps= and RestartMaxDelaySec= need each other: set both, or none");
        if (s->restart_steps > 0 && (s->restart_usec == 0 || s->restart_max_delay_usec <= s->restart_usec))
                return error_set(error, EINVAL, "InvalidSettings",
                                 "RestartMaxDelaySec= must be longer than RestartSec=, and that longer than 0, for pauses that grow");
        if (s->ephemeral && (s->protect || s->restart != RESTART_NO))
                return error_set(error, EINVAL, "InvalidSettings",
                                 s->protect ? "Ephemeral= removes the container and Protected= forbids it: set one"
                                            : "Ephemeral= removes the container when its run ends and Restart= starts it again: set one");
        if (s->owners && settings_is_privileged(s))
                return error_set(error, EINVAL, "InvalidSettings",
                                 "Owner= needs UserNamespace=yes: root inside is root of this host, and its owner would be");
        if (strv_length(s->profiles) > SETTINGS_PROFILES_MAX)
                return error_set(error, EINVAL, "InvalidSettings", "Profile= names more than %d profiles", SETTINGS_PROFILES_MAX);
        if (s->memory_high != UINT64_MAX && s->memory_max != UINT64_MAX && s->memory_high > s->memory_max)
                return error_set(error, EINVAL, "InvalidSettings", "MemoryHigh= is larger than MemoryMax=");
        return 0;
}

bool settings_is_privileged(const Settings *s) {
        return s->user_namespace != USER_NAMESPACE_YES;
}

bool settings_name_container(const Settings *s, const char *name) {
        return strv_contains(s->after, name) || strv_contains(s->requires, name) || strv_contains(s->wants, name);
}

uint32_t settings_uid_count(const Settings *s) {
        switch (s->user_namespace) {
        case USER_NAMESPACE_NO:
                return 0;
        case USER_NAMESPACE_IDENTITY:
                return IDRANGE_COUNT;
        default:
                return s->uid_count != UINT32_MAX ? s->uid_count : s->nesting ? IDRANGE_COUNT_NESTING : IDRANGE_COUNT;
        }
}

SeccompProfile settings_seccomp_profile(const Settings *s) {
        return s->nesting && s->seccomp_profile == SECCOMP_DEFAULT ? SECCOMP_NESTING : s->seccomp_profile;
}

int settings_get(const Settings *s, const char *key, char ***ret_values) {
        const SettingRow *row = setting_table_find(&settings_table, NULL, key);
        _cleanup_strv_ char **values = NULL;
        int r;

        if (!row)
                return -ENOENT;
        r = row->format(row, row_field(s, row), &values);
        if (r < 0)
                return r;
        *ret_values = TAKE_PTR(values);
        return 0;
}

int settings_default(const char *key, char ***ret_values) {
        _cleanup_(settings_freep) Settings *s = settings_new();
        const SettingRow *row = setting_table_find(&settings_table, NULL, key);
        _cleanup_strv_ char **values = NULL;
        SettingRow other;
        int r;

        if (!s)
                return -ENOMEM;
        if (!row)
                return -ENOENT;
        /* To a row with another default this value is none, so that it is formatted. */
        other = *row;
        other.initial ^= 1;
        r = row->format(&other, row_field(s, row), &values);
        /* Some defaults are only "not set": no value that the key takes. */
        STRV_FOREACH(v, values)
                if (r >= 0 && settings_set(s, NULL, key, *v, NULL, TRUST_ADMIN, NULL) < 0) {
                        *ret_values = NULL;
                        return 0;
                }
        if (r < 0)
                return r;
        *ret_values = TAKE_PTR(values);
        return 0;
}

bool settings_differ(const Settings *a, const Settings *b, const char *key) {
        _cleanup_strv_ char **x = NULL, **y = NULL;

        return settings_get(a, key, &x) < 0 || settings_get(b, key, &y) < 0 || !strv_equal(x, y);
}

int settings_copy(Settings *to, const Settings *from, const char *key) {
        const SettingRow *row = setting_table_find(&settings_table, NULL, key);
        _cleanup_strv_ char **values = NULL;
        int r = settings_get(from, key, &values);

        if (r >= 0)
                r = set_row(to, row, "", NULL, TRUST_ADMIN, NULL);
        STRV_FOREACH(v, values)
                if (r >= 0)
                        r = set_row(to, row, *v, from->origins[row - settings_table.rows], TRUST_ADMIN, NULL);
        return r;
}

static void swap_bytes(void *a, void *b, size_t size) {
        char *x = a, *y = b;

        for (size_t i = 0; i < size; i++) {
                char c = x[i];

                x[i] = y[i];
                y[i] = c;
        }
}

void settings_swap(Settings *a, Settings *b, const char *key) {
        const SettingRow *row = setting_table_find(&settings_table, NULL, key);
        size_t i = (size_t) (row - settings_table.rows);

        swap_bytes(row_field(a, row), row_field(b, row), row->size);
        swap_bytes(&a->origins[i], &b->origins[i], sizeof(a->origins[i]));
        swap_bytes(&a->resets[i], &b->resets[i], sizeof(a->resets[i]));
}

int settings_format(const Settings *s, char **ret) {
        const char *section = NULL;
        Text text = {};
        int r = 0;

        for (size_t i = 0; i < settings_table.n && r >= 0; i++) {
                const SettingRow *row = &settings_table.rows[i];
                _cleanup_strv_ char **values = NULL;
                bool reset;

                r = row->format(row, row_field(s, row), &values);
                /* A default is to be said where profiles may say something else. */
                reset = s->profiles && (s->resets[i] || (s->origins[i] && !values));
                if (r < 0 || (!values && !reset))
                        continue;
                if (!streq_ptr(section, row->section)) {
                        text_put(&text, "%s[%s]\n", section ? "\n" : "", row->section);
                        section = row->section;
                }
                if (reset)
                        text_put(&text, "%s=\n", row->key);
                STRV_FOREACH(v, values)
                        text_put(&text, "%s=%s\n", row->key, *v);
        }

        if (r < 0) {
                text_clear(&text);
                return r;
        }
        return text_take(&text, ret);
}

size_t settings_keys(void) {
        return settings_table.n;
}

SettingInfo settings_key(size_t i) {
        const SettingRow *row = &settings_table.rows[i];

        return (SettingInfo){ row->section, row->key, row->is_list, row->trust, row->owners, row->summary };
}

bool settings_are_owners(const char *key) {
        const SettingRow *row = setting_table_find(&settings_table, NULL, key);

        return row && row->owners;
}
