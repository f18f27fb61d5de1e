/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lsm.h"

bool apparmor_is_supported(void) {
        return false;
}

bool apparmor_is_enabled(void) {
        return false;
}

bool apparmor_may_be_loaded(const char *profile) {
        return false;
}

bool apparmor_is_confined(int attributes) {
        return false;
}

int apparmor_set_exec(int attributes, const char *profile, Error *error) {
        return error_set(error, EOPNOTSUPP, "NotSupported", "this ctrrun is built without AppArmor");
}

int apparmor_set_now(int attributes, const char *profile, Error *error) {
        return apparmor_set_exec(attributes, profile, error);
}
