/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* state.json: what is taken is written as it was read, and can be shown. */

#include <jansson.h>

#include "container.h"
#include "fuzz.h"

static Container *new_container(void) {
        Container *c = calloc(1, sizeof(*c));

        promise(c);
        c->fd = -EBADF;
        c->id = strdup("fuzz");
        promise(c->id);
        return c;
}

static void check_shown(const Container *c) {
        for (int i = 0; i < CONTAINER_STATUS_MAX; i++) {
                json_t *state = container_state_json(c, (ContainerStatus) i);

                promise(json_is_string(json_object_get(state, "ociVersion")));
                promise(streq(json_string_value(json_object_get(state, "status")), container_status_to_string((ContainerStatus) i)));
                json_decref(state);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(container_freep) Container *c = new_container(), *again = new_container();
        _cleanup_free_ char *text = fuzz_text(data, size), *written = NULL, *written_again = NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        int r;

        if (container_id_is_valid(text))
                promise(!strchr(text, '/') && text[0] != '.' && strlen(text) <= CONTAINER_ID_MAX);

        r = container_parse_state(c, text, size, &error);
        fuzz_check_error(r, &error);
        if (r < 0)
                return 0;
        promise(c->bundle && c->pid >= 0);
        check_shown(c);

        promise(container_format_state(c, &written, NULL) >= 0);
        promise(container_parse_state(again, written, strlen(written), NULL) >= 0);
        promise(container_format_state(again, &written_again, NULL) >= 0);
        promise(streq(written, written_again));
        return 0;
}
