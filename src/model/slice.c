/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "slice.h"

bool slice_name_is_valid(const char *name) {
        size_t n = strlen(name), depth = 1;

        if (!endswith(name, ".slice") || n > SLICE_NAME_MAX)
                return false;
        n -= strlen(".slice");
        if (n == 0 || name[0] == '-' || name[0] == '.' || name[n - 1] == '-')
                return false;
        for (size_t i = 0; i < n; i++) {
                if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.-", name[i]))
                        return false;
                if (name[i] == '-' && (name[i + 1] == '-' || ++depth > SLICE_DEPTH_MAX))
                        return false;
        }
        return true;
}

void slice_path(const char *name, char ret[static SLICE_PATH_MAX]) {
        size_t stem = strlen(name) - strlen(".slice"), n = 0;

        for (size_t i = 1; i <= stem; i++)
                if (name[i] == '-' || i == stem)
                        n += (size_t) snprintf(ret + n, SLICE_PATH_MAX - n, "/%.*s.slice", (int) i, name);
}
