/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>

#include "file.h"
#include "lsm.h"

#define PROFILES_SIZE_MAX (4 * 1024 * 1024)

bool apparmor_is_supported(void) {
        return true;
}

bool apparmor_is_enabled(void) {
        _cleanup_free_ char *line = NULL;

        return file_read_line(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", &line) >= 0 && line[0] == 'Y';
}

/* One a line: "NAME (MODE)". */
static bool is_listed(const char *list, const char *profile) {
        size_t n = strlen(profile);

        for (const char *line = list; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, profile, n) == 0 && startswith(line + n, " ("))
                        return true;
        }
        return false;
}

bool apparmor_may_be_loaded(const char *profile) {
        _cleanup_free_ char *list = NULL;

        /* Of another policy namespace, or a stack of them: not listed as such. */
        if (streq(profile, "unconfined") || profile[0] == ':' || profile[0] == '&' || strstr(profile, "//"))
                return true;
        if (file_read(AT_FDCWD, "/sys/kernel/security/apparmor/profiles", PROFILES_SIZE_MAX, &list, NULL) < 0)
                return true;
        return is_listed(list, profile);
}

static int set(int attributes, const char *command, const char *own, const char *shared, const char *profile,
               Error *error) {
        char text[4096];
        int n, r;

        n = snprintf(text, sizeof(text), "%s %s", command, profile);
        if (n < 0 || (size_t) n >= sizeof(text))
                return error_set_errno(error, ENAMETOOLONG, "AppArmor profile");

        /* Linux 5.8 has files of AppArmor's own; those shared by all LSMs
         * belong to whichever is first. */
        r = file_write(attributes, own, text);
        if (r == -ENOENT)
                r = file_write(attributes, shared, text);
        if (r == -ENOENT)
                return error_set(error, ENOENT, NULL, "AppArmor profile %s is not loaded", profile);
        return r < 0 ? error_set_errno(error, r, "AppArmor profile %s", profile) : 0;
}

bool apparmor_is_confined(int attributes) {
        _cleanup_free_ char *line = NULL;
        int r = file_read_line(attributes, "apparmor/current", &line);

        if (r == -ENOENT)
                r = file_read_line(attributes, "current", &line);
        /* "unconfined", or "NAME (unconfined)" */
        return r >= 0 && !streq(line, "unconfined") && !endswith(line, " (unconfined)");
}

int apparmor_set_exec(int attributes, const char *profile, Error *error) {
        return set(attributes, "exec", "apparmor/exec", "exec", profile, error);
}

int apparmor_set_now(int attributes, const char *profile, Error *error) {
        return set(attributes, "changeprofile", "apparmor/current", "current", profile, error);
}
