/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void text_clear(Text *text) {
        free(text->data);
        *text = (Text){};
}

static bool make_room(Text *text, size_t size) {
        size_t allocated = text->allocated ?: 256;
        char *data;

        while (allocated - text->length < size)
                allocated *= 2;
        if (allocated == text->allocated)
                return true;
        data = realloc(text->data, allocated);
        if (!data)
                return false;
        text->data = data;
        text->allocated = allocated;
        return true;
}

void text_put(Text *text, const char *format, ...) {
        va_list ap, again;
        int n;

        if (text->failed)
                return;
        va_start(ap, format);
        va_copy(again, ap);
        n = vsnprintf(NULL, 0, format, ap);
        if (n < 0 || !make_room(text, (size_t) n + 1))
                text->failed = true;
        else {
                (void) vsnprintf(text->data + text->length, (size_t) n + 1, format, again);
                text->length += (size_t) n;
        }
        va_end(again);
        va_end(ap);
}

void text_put_bytes(Text *text, const char *data, size_t size) {
        if (text->failed || !make_room(text, size + 1)) {
                text->failed = true;
                return;
        }
        memcpy(text->data + text->length, data, size);
        text->length += size;
        text->data[text->length] = 0;
}

int text_take(Text *text, char **ret) {
        text_put(text, "%s", "");
        if (text->failed) {
                text_clear(text);
                return -ENOMEM;
        }
        *ret = text->data;
        *text = (Text){};
        return 0;
}
