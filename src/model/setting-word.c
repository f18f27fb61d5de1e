/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "address.h"
#include "capability.h"
#include "device-word.h"
#include "idrange.h"
#include "mcs.h"
#include "name.h"
#include "parse.h"
#include "setting-word.h"
#include "strv.h"
#include "utf8.h"

#define CPUS_MAX 1024

bool setting_word_is_absolute_path(const char *s) {
        if (*s != '/' || !utf8_is_printable(s) || strlen(s) >= 4096)
                return false;
        for (const char *p = s; (p = strstr(p, "/..")); p += 3)
                if (p[3] == '/' || p[3] == 0)
                        return false;
        return true;
}

/* "3" or "0-3". */
bool setting_word_is_cpu_range(const char *w) {
        _cleanup_free_ char *copy = strdup(w);
        char *dash = copy ? strchr(copy, '-') : NULL;
        uint64_t first, last;

        if (!copy)
                return false;
        if (dash)
                *dash = 0;
        if (parse_uint_max(copy, CPUS_MAX - 1, &first) < 0)
                return false;
        return !dash || (parse_uint_max(dash + 1, CPUS_MAX - 1, &last) >= 0 && first <= last);
}

bool setting_word_is_assignment(const char *w) {
        size_t n = strspn(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

        return n > 0 && w[n] == '=' && !(w[0] >= '0' && w[0] <= '9') && utf8_is_printable(w);
}

bool setting_word_is_capability(const char *w) {
        return capability_from_name(w) >= 0;
}

/* Units of containers are refused: what such a scope is named by would keep it from going
 * after its end, and one that waits for its own start would wait for ever. */
bool setting_word_is_unit(const char *w) {
        static const char *const types[] = {
                ".service", ".socket", ".target", ".mount", ".automount", ".path", ".timer", ".device", ".swap", ".slice", ".scope",
        };
        size_t n = strlen(w);

        if (name_is_valid(w))
                return true;
        if (n > 255 || w[strspn(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@")] ||
            startswith(w, "ctr-") || startswith(w, "ctr@"))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (endswith(w, types[i])) {
                        size_t stem = n - strlen(types[i]);

                        /* Neither nothing, nor a template without an instance. */
                        return stem > 0 && *w != '@' && w[stem - 1] != '@';
                }
        return false;
}

bool setting_word_is_address(const char *w) {
        Address a;

        return address_parse(w, &a) >= 0;
}

bool setting_word_is_address_with_prefix(const char *w) {
        Address a;

        return address_parse_prefix(w, &a) >= 0;
}

bool setting_word_is_bind(const char *w) {
        _cleanup_strv_ char **parts = NULL;

        if (*w == ':' || strstr(w, "::") || endswith(w, ":") || strv_split(w, ":", &parts) < 0)
                return false;
        size_t n = strv_length(parts);
        if (n < 1 || n > 3 || !setting_word_is_absolute_path(parts[0]))
                return false;
        if (n > 1 && (!setting_word_is_absolute_path(parts[1]) || streq(parts[1], "/")))
                return false;
        return n < 3 || streq(parts[2], "rbind") || streq(parts[2], "norbind");
}

bool setting_word_is_tmpfs(const char *w) {
        _cleanup_free_ char *copy = strdup(w);
        char *colon = copy ? strchr(copy, ':') : NULL;

        if (!copy)
                return false;
        if (colon)
                *colon = 0;
        /* Options become mount options: no blanks, nothing but the usual letters. */
        return setting_word_is_absolute_path(copy) && !streq(copy, "/") &&
               (!colon || !colon[1 + strspn(colon + 1, "abcdefghijklmnopqrstuvwxyz0123456789=,%_")]);
}

bool setting_word_is_device(const char *w) {
        DeviceWord word;

        if (device_word_parse(w, &word) < 0)
                return false;
        device_word_clear(&word);
        return true;
}

bool setting_word_is_credential(const char *w) {
        const char *colon = strchr(w, ':');
        char name[256];

        if (!colon || (size_t) (colon - w) >= sizeof(name) || !setting_word_is_absolute_path(colon + 1))
                return false;
        memcpy(name, w, (size_t) (colon - w));
        name[colon - w] = 0;
        return name_is_credential(name);
}

/* Three names; what comes after is a level, which has ':' and ',' of its own. It is
 * part of mount options and of a line of the plan. */
bool setting_word_is_context(const char *w) {
        static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

        if (strlen(w) > SELINUX_CONTEXT_MAX)
                return false;
        for (int i = 0; i < 3; i++) {
                size_t n = strspn(w, name);

                if (n == 0 || (w[n] && w[n] != ':') || (i < 2 && !w[n]))
                        return false;
                w += n;
                if (*w)
                        w++;
                else
                        return true;
        }
        return w[0] && !w[strspn(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:,-")];
}

/* Names as useradd(8) makes them, and those of directories with dots and an @. Two numbers are
 * nobody's: what has no id of its own looks like one of them. */
bool setting_word_is_user(const char *w) {
        uint32_t uid;

        if (*w >= '0' && *w <= '9')
                return parse_u32(w, &uid) >= 0 && uid < UIDS_END && uid != 65534 && uid != 65535;
        return *w && *w != '-' && *w != '.' && strlen(w) <= 256 && !streq(w, "nobody") &&
               !w[strspn(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@-")];
}
