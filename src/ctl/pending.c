/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "pending.h"
#include "strv.h"

int pending_print(const Ctl *ctl, const char *container, sd_bus_message *m) {
        _cleanup_strv_ char **keys = NULL;
        _cleanup_free_ char *text = NULL;
        int r = sd_bus_message_read_strv(m, &keys);

        if (r < 0)
                return r;
        text = keys ? strv_join(keys, "=, ") : NULL;
        if (text && !ctl->quiet)
                fprintf(stderr, "%s= will have its effect when %s is started again.\n", text, container);
        return 0;
}
