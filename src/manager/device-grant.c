/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/stat.h>

#include "device-grant.h"
#include "strv.h"

void device_grants_free(DeviceGrant *grants, size_t n) {
        for (size_t i = 0; i < n; i++)
                device_word_clear(&grants[i].word);
        free(grants);
}

/* Symbolic links are followed: names below /dev/disk are some, and /dev is the host's. */
static int resolve(const char *word, DeviceGrant *ret, Error *error) {
        DeviceGrant grant = {};
        struct stat st;
        int r;

        r = device_word_parse(word, &grant.word);
        if (r < 0)
                return r;
        if (stat(grant.word.source, &st) < 0)
                r = error_set_errno(error, errno, "Device=%s: cannot look at %s", word, grant.word.source);
        else if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
                r = error_set(error, ENOTBLK, "InvalidSettings", "Device=%s: %s is no device; Bind= gives files and directories",
                              word, grant.word.source);
        if (r < 0) {
                device_word_clear(&grant.word);
                return r;
        }
        grant.mode = st.st_mode & (S_IFMT | 0666);
        grant.number = st.st_rdev;
        *ret = grant;
        return 0;
}

int device_grants_resolve(char *const *words, DeviceGrant **ret, size_t *ret_n, Error *error) {
        size_t n = strv_length(words), i = 0;
        DeviceGrant *grants;
        int r = 0;

        if (n > DEVICE_GRANTS_MAX)
                return error_set(error, E2BIG, "InvalidSettings", "Device= names %zu devices: %d are the most", n, DEVICE_GRANTS_MAX);
        grants = calloc(n + 1, sizeof(*grants));
        if (!grants)
                return -ENOMEM;
        for (; i < n && r >= 0; i++)
                r = resolve(words[i], grants + i, error);
        if (r < 0) {
                device_grants_free(grants, i - 1);
                return r;
        }
        *ret = grants;
        *ret_n = n;
        return 0;
}
