/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lsm.h"

bool selinux_is_supported(void) {
        return false;
}

bool selinux_is_enabled(void) {
        return false;
}

int selinux_set_exec(int attributes, const char *label, Error *error) {
        return error_set(error, EOPNOTSUPP, "NotSupported", "this ctrrun is built without SELinux");
}

char *selinux_mount_option(const char *label) {
        return NULL;
}
