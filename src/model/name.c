/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "name.h"

bool name_is_valid(const char *name) {
        size_t n = name ? strlen(name) : 0;

        if (n == 0 || n > NAME_MAX_LENGTH || name[0] == '-' || name[n - 1] == '-')
                return false;
        return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

int name_check(const char *name, Error *error) {
        char shown[81];
        size_t n = 0;

        if (name_is_valid(name))
                return 0;

        /* It goes into a sentence of one line. */
        for (const char *p = strempty(name); *p && n + 1 < sizeof(shown); p++)
                shown[n++] = (unsigned char) *p < ' ' || *p == 0x7f ? '?' : *p;
        shown[n] = 0;
        return error_set(error, EINVAL, "InvalidName",
                         "\"%s\" is no valid container name: use 1 to 63 of a-z, 0-9 and \"-\", with no \"-\" at either end",
                         shown);
}

static bool is_word(const char *s, size_t n) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

        if (n == 0 || n > 128 || !strchr(letters, s[0]))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!strchr(letters, s[i]) && !strchr("._-", s[i]))
                        return false;
        return true;
}

bool name_is_image_id(const char *id) {
        return id && is_word(id, strlen(id));
}

int name_split_template(const char *reference, char **ret_template, char **ret_variant, Error *error) {
        _cleanup_free_ char *template = NULL, *variant = NULL;
        const char *slash = strchr(strempty(reference), '/');
        size_t n = slash ? (size_t) (slash - reference) : strlen(strempty(reference));

        if (!is_word(strempty(reference), n) || (slash && !is_word(slash + 1, strlen(slash + 1))))
                return error_set(error, EINVAL, "InvalidName",
                                 "\"%.80s\" is no template: name one as TEMPLATE or TEMPLATE/VARIANT, such as debian/bookworm",
                                 strempty(reference));

        template = strndup(reference, n);
        if (slash)
                variant = strdup(slash + 1);
        if (!template || (slash && !variant))
                return -ENOMEM;
        *ret_template = TAKE_PTR(template);
        *ret_variant = TAKE_PTR(variant);
        return 0;
}

bool name_is_credential(const char *name) {
        size_t n = name ? strlen(name) : 0;

        if (n == 0 || n > 255 || streq(name, ".") || streq(name, ".."))
                return false;
        for (; *name; name++)
                if (*name <= ' ' || *name > '~' || *name == '/')
                        return false;
        return true;
}

bool name_is_machine_id(const char *id) {
        return id && strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32 && strspn(id, "0") != 32;
}

/* FNV-1a, 64 bits. */
uint64_t name_hash(const char *name, const char *salt) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (; *name; name++)
                h = (h ^ (uint8_t) *name) * UINT64_C(0x100000001b3);
        h = (h ^ 0xff) * UINT64_C(0x100000001b3);
        for (; *salt; salt++)
                h = (h ^ (uint8_t) *salt) * UINT64_C(0x100000001b3);
        return h ^ (h >> 29);
}

void name_host_interface(const char *name, char ret[static NAME_INTERFACE_MAX]) {
        static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
        char hash[7] = {};

        if (strlen(name) <= NAME_INTERFACE_MAX - 1 - 3) {
                snprintf(ret, NAME_INTERFACE_MAX, "ve-%s", name);
                return;
        }
        uint64_t h = name_hash(name, "interface");
        for (size_t i = 0; i < sizeof(hash) - 1; i++, h /= 36)
                hash[i] = digits[h % 36];
        snprintf(ret, NAME_INTERFACE_MAX, "ve-%.5s-%s", name, hash);
}

void name_mac_address(const char *name, const char *salt, uint8_t ret[static 6]) {
        uint64_t h = name_hash(name, salt);

        for (size_t i = 0; i < 6; i++)
                ret[i] = (uint8_t) (h >> (8 * i));
        ret[0] = (uint8_t) ((ret[0] & 0xfe) | 0x02);
}
