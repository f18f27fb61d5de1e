/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>

#include "capability.h"
#include "file.h"
#include "parse.h"
#include "security.h"
#include "strv.h"

#define PROC_FILE_MAX (64 * 1024)

void security_clear(Security *security) {
        for (size_t i = 0; i < security->n; i++) {
                free(security->rows[i].value);
                free(security->rows[i].source);
        }
        *security = (Security){};
}

/* value is taken, NULL where memory was short. */
static int add(Security *s, const char *layer, char *value, const char *source) {
        char *copy = strdup(source);

        if (!value || !copy || s->n >= SECURITY_ROWS_MAX) {
                free(value);
                free(copy);
                return -ENOMEM;
        }
        s->rows[s->n++] = (SecurityRow){ layer, value, copy };
        return 0;
}

/* Where a key has its value from. */
static const char *source_of(const Settings *settings, const char *key) {
        for (size_t i = 0; i < settings_keys(); i++)
                if (streq(settings_key(i).key, key)) {
                        const char *origin = settings->origins[i];

                        return !origin ? "default" : isempty(origin) ? "command line" : origin;
                }
        return "default";
}

static json_t *at(const json_t *config, const char *section, const char *key) {
        return json_object_get(json_object_get(config, section), key);
}

/* The strings of a list; of objects, what they have under the key. */
static char *join(const json_t *list, const char *key) {
        _cleanup_strv_ char **words = NULL;

        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *item = json_array_get(list, i);
                const char *word = json_string_value(key ? json_object_get(item, key) : item);

                if (word && strv_extend(&words, word) < 0)
                        return NULL;
        }
        return words ? strv_join(words, " ") : strdup("none");
}

static int add_users(Security *s, const Launch *launch) {
        const Settings *settings = launch->settings;
        const Identity *i = launch->identity;
        char *value = NULL;
        int r;

        r = add(s, "Privileged",
                strdup(settings->user_namespace == USER_NAMESPACE_YES        ? "no"
                       : settings->user_namespace == USER_NAMESPACE_IDENTITY ? "yes: root inside owns what root of the host owns"
                                                                             : "yes: root inside is root of the host"),
                source_of(settings, "UserNamespace"));
        if (r < 0 || !settings->user_namespace)
                return r;
        if (asprintf(&value, "0-%u are %u-%u of the host", i->uid_count - 1, i->uid_base, i->uid_base + i->uid_count - 1) < 0)
                return -ENOMEM;
        return add(s, "UserIDs", value, settings->uid_base == UINT32_MAX ? "chosen at creation" : source_of(settings, "UIDBase"));
}

static int add_capabilities(Security *s, const Launch *launch, const json_t *config) {
        const Settings *settings = launch->settings;
        int r = add(s, "Capabilities", join(at(json_object_get(config, "process"), "capabilities", "bounding"), NULL), "default");

        if (r >= 0 && settings->capability)
                r = add(s, "CapabilitiesAdded", strv_join(settings->capability, " "), source_of(settings, "Capability"));
        if (r >= 0 && settings->drop_capability)
                r = add(s, "CapabilitiesDropped", strv_join(settings->drop_capability, " "), source_of(settings, "DropCapability"));
        if (r >= 0)
                r = add(s, "NoNewPrivileges", strdup(settings->no_new_privileges ? "yes" : "no"),
                        source_of(settings, "NoNewPrivileges"));
        return r;
}

/* How many calls each outcome is for: "412 allowed, 30 refused, others ENOSYS". */
static char *summarize_filter(const json_t *filter) {
        const json_t *rules = json_object_get(filter, "syscalls");
        size_t allowed = 0, refused = 0, partly = 0;
        char *text = NULL;

        for (size_t i = 0; i < json_array_size(rules); i++) {
                const json_t *rule = json_array_get(rules, i);
                size_t n = json_array_size(json_object_get(rule, "names"));
                bool allows = streq(json_string_value(json_object_get(rule, "action")), "SCMP_ACT_ALLOW");

                if (streq(json_string_value(json_object_get(rule, "action")), "SCMP_ACT_NOTIFY"))
                        continue; /* they have a line of their own */
                if (json_object_get(rule, "args"))
                        partly += allows ? n : 0;
                else if (allows)
                        allowed += n;
                else
                        refused += n;
        }
        if (json_object_get(filter, "defaultErrnoRet"))
                return asprintf(&text, "%zu calls allowed, %zu in part, %zu refused, others do not exist", allowed, partly,
                                refused) < 0 ? NULL : text;
        return asprintf(&text, "%zu calls refused", refused) < 0 ? NULL : text;
}

static int add_filter(Security *s, const Launch *launch, const json_t *config) {
        const Settings *settings = launch->settings;
        const json_t *filter = at(config, "linux", "seccomp");
        _cleanup_free_ char *summary = filter ? summarize_filter(filter) : strdup("no filter");
        char *value = NULL;
        int r;

        if (!summary ||
            asprintf(&value, "%s: %s", seccomp_profile_to_string(settings_seccomp_profile(settings)), summary) < 0)
                return -ENOMEM;
        r = add(s, "SystemCalls", value, source_of(settings, "SeccompProfile"));
        if (r >= 0 && settings->system_call_filter)
                r = add(s, "SystemCallFilter", strv_join(settings->system_call_filter, " "),
                        source_of(settings, "SystemCallFilter"));
        if (r >= 0 && settings->intercept)
                r = add(s, "InterceptSystemCalls", strv_join(settings->intercept, " "), source_of(settings, "InterceptSystemCalls"));
        return r;
}

static int add_text(Security *s, const char *layer, const json_t *value, const char *source) {
        return value ? add(s, layer, strdup(json_string_value(value)), source) : 0;
}

int security_describe(const Launch *launch, const json_t *config, Security *ret) {
        const Settings *settings = launch->settings;
        Security s = {};
        int r;

        r = add_users(&s, launch);
        if (r >= 0)
                r = add(&s, "Namespaces", join(at(config, "linux", "namespaces"), "type"),
                        settings->network_mode == NETWORK_HOST ? source_of(settings, "Mode") : "default");
        if (r >= 0)
                r = add_capabilities(&s, launch, config);
        if (r >= 0)
                r = add_filter(&s, launch, config);
        if (r >= 0)
                r = add_text(&s, "AppArmorProfile", at(config, "process", "apparmorProfile"), source_of(settings, "AppArmorProfile"));
        if (r >= 0)
                r = add_text(&s, "SELinuxContext", at(config, "process", "selinuxLabel"), source_of(settings, "SELinuxContext"));
        if (r >= 0)
                r = add_text(&s, "SELinuxMountContext", at(config, "linux", "mountLabel"), source_of(settings, "SELinuxMountContext"));
        if (r >= 0)
                r = add(&s, "Devices", strdup("null zero full random urandom tty console pts net/tun"), "default");
        if (r >= 0 && settings->device)
                r = add(&s, "DevicesAdded", strv_join(settings->device, " "), source_of(settings, "Device"));
        if (r >= 0)
                r = add(&s, "MaskedPaths", join(at(config, "linux", "maskedPaths"), NULL), "default");
        if (r >= 0)
                r = add(&s, "ReadOnlyPaths", join(at(config, "linux", "readonlyPaths"), NULL), "default");
        if (r < 0) {
                security_clear(&s);
                return r;
        }
        *ret = s;
        return 0;
}

/* The value of a line "Name:\tvalue" of /proc/PID/status, to be freed. */
static char *status_value(const char *status, const char *name) {
        size_t n = strlen(name);

        for (const char *line = status; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, name, n) == 0 && line[n] == ':') {
                        const char *value = line + n + 1 + strspn(line + n + 1, " \t");

                        return strndup(value, strcspn(value, "\n"));
                }
        }
        return NULL;
}

static char *read_proc(pid_t pid, const char *file) {
        char path[64];
        char *text = NULL;

        snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, file);
        return file_read(AT_FDCWD, path, PROC_FILE_MAX, &text, NULL) < 0 ? NULL : text;
}

static char *describe_seccomp(const char *status) {
        _cleanup_free_ char *mode = status_value(status, "Seccomp"), *n = status_value(status, "Seccomp_filters");
        char *value = NULL;

        if (!streq_ptr(mode, "2"))
                return strdup("no filter");
        return asprintf(&value, "%s filter(s)", n ?: "1") < 0 ? NULL : value;
}

/* A label ends in a line break; its mode is part of it. */
static char *describe_label(pid_t pid) {
        char *label = read_proc(pid, "attr/current");

        if (label)
                label[strcspn(label, "\n")] = 0;
        if (isempty(label)) {
                free(label);
                return strdup("none");
        }
        return label;
}

static char *describe_capabilities(const char *status) {
        _cleanup_free_ char *text = status_value(status, "CapBnd");
        _cleanup_strv_ char **names = NULL;
        uint64_t set = text ? strtoull(text, NULL, 16) : 0;

        for (int i = 0; i < CAPABILITY_COUNT; i++)
                if ((set & UINT64_C(1) << i) && strv_extend(&names, capability_name(i)) < 0)
                        return NULL;
        return names ? strv_join(names, " ") : strdup("none");
}

int security_describe_running(pid_t leader, Security *security) {
        _cleanup_free_ char *status = leader > 0 ? read_proc(leader, "status") : NULL;
        char source[64];
        int r;

        if (!status)
                return 0;
        snprintf(source, sizeof(source), "/proc/%d", (int) leader);
        r = add(security, "RunningCapabilities", describe_capabilities(status), source);
        if (r >= 0)
                r = add(security, "RunningSystemCalls", describe_seccomp(status), source);
        if (r >= 0)
                r = add(security, "RunningLabel", describe_label(leader), source);
        return r;
}
