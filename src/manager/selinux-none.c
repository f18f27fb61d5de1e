/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "selinux.h"

bool selinux_is_available(void) {
        return false;
}

int selinux_assign(Manager *manager, const char *name, Identity *identity, Error *error) {
        return 0;
}

void selinux_contexts_clear(SelinuxContexts *contexts) {
}

int selinux_contexts(const Settings *settings, const Identity *identity, SelinuxContexts *ret, Error *error) {
        if (settings->selinux_context || settings->selinux_mount_context)
                return error_set(error, EOPNOTSUPP, "NotSupported", "this ctrd is built without SELinux: remove %s=",
                                 settings->selinux_context ? "SELinuxContext" : "SELinuxMountContext");
        *ret = (SelinuxContexts){};
        return 0;
}

int selinux_label_file(int dir, const char *name, const char *context, Error *error) {
        return 0;
}

int selinux_label_tree(int dir, const char *context, Error *error) {
        return 0;
}
