/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "unit-name.h"

#define SUFFIX ".slice"

int unit_slice_path(const char *slice, char *ret, size_t size) {
        size_t n = strlen(slice), length = 0;

        if (streq(slice, "-" SUFFIX))
                return (size_t) snprintf(ret, size, "/") < size ? 0 : -ENAMETOOLONG;
        if (!endswith(slice, SUFFIX) || n == strlen(SUFFIX) || slice[0] == '-' || strchr(slice, '/') || strstr(slice, "--") ||
            slice[n - strlen(SUFFIX) - 1] == '-')
                return -EINVAL;
        n -= strlen(SUFFIX);
        for (size_t i = 1; i <= n; i++)
                if (i == n || slice[i] == '-') {
                        int k = length < size ? snprintf(ret + length, size - length, "/%.*s" SUFFIX, (int) i, slice) : -1;

                        if (k < 0 || (size_t) k >= size - length)
                                return -ENAMETOOLONG;
                        length += (size_t) k;
                }
        return 0;
}

/* systemd.unit(5). */
static bool is_unit(const char *s) {
        return s[strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\")] == 0;
}

/* An id may have a '+', a unit may not: it is escaped as systemd-escape(1) does. */
static int default_unit(const char *id, char ret[static UNIT_NAME_MAX + 1]) {
        size_t n = (size_t) sprintf(ret, "ctrrun-");

        for (; *id; id++) {
                if (n + sizeof("\\x2b.scope") > UNIT_NAME_MAX)
                        return -ENAMETOOLONG;
                n += (size_t) sprintf(ret + n, *id == '+' ? "\\x2b" : "%c", *id);
        }
        strcpy(ret + n, ".scope");
        return 0;
}

static int invalid(const char *path, const char *why, Error *error) {
        return error_set(error, EINVAL, "InvalidConfig",
                         "linux.cgroupsPath: expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"%s\" instead%s%s",
                         path, *why ? ": " : "", why);
}

int unit_name_parse(const char *path, const char *id, bool rootless, UnitName *ret, Error *error) {
        const char *slice = "", *prefix = "", *name = path, *first, *second;
        int n_slice = 0, n_prefix = 0, n;
        char expanded[4096];

        *ret = (UnitName){};
        if (!path) {
                strcpy(ret->slice, rootless ? "user.slice" : "system.slice");
                return default_unit(id, ret->unit) < 0
                               ? error_set(error, ENAMETOOLONG, "InvalidConfig", "\"%s\" is too long for the name of a unit", id)
                               : 0;
        }

        first = strchr(path, ':');
        second = first ? strchr(first + 1, ':') : NULL;
        if (first) {
                slice = path;
                n_slice = (int) (first - path);
                name = first + 1;
        }
        if (second) {
                prefix = first + 1;
                n_prefix = (int) (second - prefix);
                name = second + 1;
        }
        if (!*name || strchr(path, '/') || strchr(name, ':') || !is_unit(path))
                return invalid(path, "", error);

        if (n_slice == 0)
                n = snprintf(ret->slice, sizeof(ret->slice), "%s", rootless ? "user.slice" : "system.slice");
        else if (n_slice == 1 && slice[0] == '-')
                n = snprintf(ret->slice, sizeof(ret->slice), "-" SUFFIX);
        else
                n = snprintf(ret->slice, sizeof(ret->slice), "%.*s", n_slice, slice);
        if (n > UNIT_NAME_MAX || unit_slice_path(ret->slice, expanded, sizeof(expanded)) < 0)
                return invalid(path, "the first part is no name of a slice", error);

        if (endswith(name, SUFFIX))
                n = unit_slice_path(name, expanded, sizeof(expanded)) < 0 ? INT32_MAX
                                                                          : snprintf(ret->unit, sizeof(ret->unit), "%s", name);
        else
                n = snprintf(ret->unit, sizeof(ret->unit), "%.*s%s%s.scope", n_prefix, prefix, n_prefix > 0 ? "-" : "", name);
        return n > UNIT_NAME_MAX ? invalid(path, "that makes no name of a unit", error) : 0;
}
