/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "json-text.h"
#include "text.h"

static int put(const char *data, size_t size, void *userdata) {
        Text *text = userdata;

        text_put_bytes(text, data, size);
        return text->failed ? -1 : 0;
}

char *json_text(const json_t *json, size_t flags) {
        Text text = {};
        char *s;

        if (json_dump_callback(json, put, &text, flags) < 0) {
                text_clear(&text);
                return NULL;
        }
        return text_take(&text, &s) < 0 ? NULL : s;
}
