/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "macro.h"
#include "message-size.h"

/* Of what the message is at. The bus has seen that it is nested no deeper than D-Bus allows. */
static int add(sd_bus_message *m, uint64_t max, size_t *size) {
        const char *contents;
        char type;
        int r;

        while ((r = sd_bus_message_peek_type(m, &type, &contents)) > 0) {
                if (*size > max)
                        return -E2BIG;
                *size += 8;
                if (contents) { /* a container */
                        r = sd_bus_message_enter_container(m, type, contents);
                        if (r >= 0)
                                r = add(m, max, size);
                        if (r >= 0)
                                r = sd_bus_message_exit_container(m);
                } else {
                        union {
                                const char *text;
                                uint64_t number;
                        } value = {};

                        r = sd_bus_message_read_basic(m, type, &value);
                        if (r >= 0 && strchr("sog", type))
                                *size += strlen(value.text);
                }
                if (r < 0)
                        return r;
        }
        return r;
}

size_t message_size(sd_bus_message *m, uint64_t max) {
        size_t size = 0;
        int r = sd_bus_message_rewind(m, true);

        if (r >= 0)
                r = add(m, max, &size);
        if (r < 0)
                size = max >= SIZE_MAX ? SIZE_MAX : (size_t) max + 1;
        (void) sd_bus_message_rewind(m, true);
        return size;
}
