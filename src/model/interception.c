/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "interception.h"

static const char *const names[_INTERCEPTION_MAX] = {
        [INTERCEPT_MKNOD] = "mknod",
        [INTERCEPT_SETXATTR] = "setxattr",
        [INTERCEPT_SYSINFO] = "sysinfo",
        [INTERCEPT_MOUNT] = "mount",
};

const char *interception_to_string(Interception i) {
        return i >= 0 && i < _INTERCEPTION_MAX ? names[i] : NULL;
}

Interception interception_from_string(const char *s) {
        for (int i = 0; i < _INTERCEPTION_MAX; i++)
                if (streq(names[i], s))
                        return i;
        return _INTERCEPTION_INVALID;
}

const char *interception_mount_type(const char *word) {
        const char *type = startswith(word, "mount:");
        size_t n = type ? strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_-") : 0;

        return n > 0 && n <= INTERCEPTION_TYPE_MAX && !type[n] ? type : NULL;
}

bool interception_word_is_valid(const char *word) {
        Interception i = interception_from_string(word);

        return i >= 0 ? i != INTERCEPT_MOUNT : interception_mount_type(word) != NULL;
}

/* Devices that hold nothing and are in every container's /dev: the set that Incus
 * documents for security.syscalls.intercept.mknod, but for the whiteout 0:0, which
 * the kernel allows without us. All of them are in the payload's device rules. */
bool interception_may_make(mode_t mode, dev_t number) {
        static const unsigned char allowed[][2] = {
                { 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 }, { 5, 0 },
        };

        if (!S_ISCHR(mode))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(allowed); i++)
                if (number == makedev(allowed[i][0], allowed[i][1]))
                        return true;
        return false;
}

bool interception_may_set(const char *attribute, const void *value, size_t n) {
        return streq(attribute, "trusted.overlay.opaque") && n == 1 && memcmp(value, "y", 1) == 0;
}

/* ext4(5), xfs(5), btrfs(5), mount(8). Left out are journal_path=, logdev=, device= and
 * such, which open what they name as root of the host; uid= and gid=, which are the
 * host's; errors=panic. */
bool interception_may_use_option(const char *option) {
        static const char *const allowed[] = {
                "defaults", "rw", "ro", "acl", "noacl", "user_xattr", "discard", "nodiscard", "barrier", "nobarrier",
                "noload", "norecovery", "nouuid", "utf8", "errors=continue", "errors=remount-ro",
        };

        for (size_t i = 0; i < ELEMENTSOF(allowed); i++)
                if (streq(option, allowed[i]))
                        return true;
        return false;
}
