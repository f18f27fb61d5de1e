/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <unistd.h>

#include "file.h"
#include "lsm.h"

bool selinux_is_supported(void) {
        return true;
}

bool selinux_is_enabled(void) {
        /* The mount point of selinuxfs exists while SELinux is active, and the
         * file of its status only when selinuxfs is mounted there. */
        return access("/sys/fs/selinux/enforce", F_OK) >= 0;
}

int selinux_set_exec(int attributes, const char *label, Error *error) {
        int r = file_write(attributes, "exec", label);

        if (r >= 0)
                r = file_write(attributes, "keycreate", label);
        return r < 0 ? error_set_errno(error, r, "SELinux label %s", label) : 0;
}

char *selinux_mount_option(const char *label) {
        char *text;

        if (!label || !selinux_is_enabled())
                return NULL;
        /* By fsconfig(2): no quotes, which are for mount(2)'s lists. */
        return asprintf(&text, "context=%s", label) < 0 ? NULL : text;
}
