/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "assignment.h"
#include "strv.h"

int assignment_check(const char *option, const char *text, Error *error) {
        const char *equals = strchr(text, '=');

        return equals && equals != text ? 0
                                        : error_set(error, EINVAL, "Usage", "%s%.100s is not valid: write KEY=VALUE", option, text);
}

int assignments_append(sd_bus_message *m, char *const *assignments) {
        int r = sd_bus_message_open_container(m, 'a', "(ss)");

        STRV_FOREACH(a, assignments) {
                const char *equals = strchr(*a, '=');
                _cleanup_free_ char *key = strndup(*a, (size_t) (equals - *a));

                if (!key)
                        return -ENOMEM;
                if (r >= 0)
                        r = sd_bus_message_append(m, "(ss)", key, equals + 1);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}
