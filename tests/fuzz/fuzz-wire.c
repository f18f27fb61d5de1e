/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A message from a monitor, or to it: what is read can be written, and is the same
 * when read again, but for characters that a value may not have. */

#include "fuzz.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *message = malloc(size + 1);
        const char *key, *value;
        WireReader reader, back;
        WireWriter writer;
        unsigned n = 0;
        int r;

        if (!message || size > WIRE_MAX)
                return 0;
        memcpy(message, data, size);
        wire_begin(&writer);
        wire_read_begin(&reader, message, size);
        while ((r = wire_read_next(&reader, &key, &value)) > 0) {
                promise(*key && !strchr(key, '\n') && !strchr(key, '=') && !strchr(value, '\n'));
                wire_put(&writer, key, value);
                n++;
        }
        promise(r == 0 || r == -EBADMSG);
        if (writer.overflow || writer.size >= sizeof(writer.data))
                return 0;

        wire_read_begin(&back, writer.data, writer.size);
        while ((r = wire_read_next(&back, &key, &value)) > 0)
                n--;
        promise(r == 0 && n == 0);
        return 0;
}
