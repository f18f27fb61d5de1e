/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What comes from a bus: a message lies within what was received, and nothing is
 * read past it. */

#include "dbus-message.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *message = malloc(size + 1);
        DBusMessage m;
        ssize_t n;

        if (!message || size < DBUS_HEADER_SIZE)
                return 0;
        memcpy(message, data, size);
        n = dbus_message_size(message);
        promise(n == -EBADMSG || (n >= DBUS_HEADER_SIZE && n <= DBUS_MESSAGE_MAX));
        if (n < 0 || (size_t) n > size)
                return 0;

        /* To its very end, so that a byte too many is seen. */
        _cleanup_free_ char *exact = malloc((size_t) n);
        if (!exact)
                return 0;
        memcpy(exact, message, (size_t) n);
        if (dbus_message_parse(exact, (size_t) n, &m) >= 0) {
                promise(m.body >= exact && m.body + m.body_size == exact + n);
                promise(strlen(m.signature) <= 255);
                promise(!m.error_name || strlen(m.error_name) < (size_t) n);
                promise(!m.sender || strlen(m.sender) < (size_t) n);
                promise(!m.path || strlen(m.path) < (size_t) n);

                DBusReader body = dbus_message_body(&m);
                for (const char *s; (s = dbus_take_string(&body));)
                        promise(s >= m.body && s + strlen(s) < m.body + m.body_size);
        }
        return 0;
}
