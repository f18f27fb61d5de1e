/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "device-word.h"
#include "strv.h"
#include "utf8.h"

#define PATH_LENGTH_MAX 255

void device_word_clear(DeviceWord *word) {
        free(word->source);
        free(word->destination);
        *word = (DeviceWord){};
}

/* Below /dev, and nowhere else by ".." or through it. */
static bool is_device_path(const char *s) {
        const char *rest = startswith(s, "/dev/");

        if (isempty(rest) || strlen(s) > PATH_LENGTH_MAX || !utf8_is_printable(s) || endswith(s, "/"))
                return false;
        for (const char *p = rest; *p;) {
                size_t n = strcspn(p, "/");

                if (n == 0 || (n <= 2 && strncmp(p, "..", n) == 0))
                        return false;
                p += n;
                p += *p == '/';
        }
        return true;
}

static bool is_access(const char *s) {
        if (isempty(s) || strlen(s) > 3 || s[strspn(s, "rwm")])
                return false;
        for (const char *p = s; *p; p++)
                if (strchr(p + 1, *p))
                        return false;
        return true;
}

int device_word_parse(const char *word, DeviceWord *ret) {
        _cleanup_strv_ char **parts = NULL;
        DeviceWord w = { .access = "rw" };
        size_t n;

        /* Empty parts would be passed over. */
        if (*word == ':' || strstr(word, "::") || endswith(word, ":") || strv_split(word, ":", &parts) < 0)
                return -EINVAL;
        n = strv_length(parts);
        if (n > 1 && is_access(parts[n - 1]))
                strcpy(w.access, parts[--n]);
        if (n < 1 || n > 2 || !is_device_path(parts[0]) || !is_device_path(parts[n - 1]))
                return -EINVAL;
        w.source = strdup(parts[0]);
        w.destination = strdup(parts[n - 1]);
        if (!w.source || !w.destination) {
                device_word_clear(&w);
                return -ENOMEM;
        }
        *ret = w;
        return 0;
}
