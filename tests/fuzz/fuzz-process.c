/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A process as `exec --process` reads it. */

#include "check-config.h"
#include "field.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_error_ Error error = ERROR_INIT, again_error = ERROR_INIT;
        json_t *document = field_load((const char *) data, size, "process.json", &error);
        ConfigProcess p, again;
        Arena arena = {};
        int r;

        fuzz_check_error(document ? 0 : -EINVAL, &error);
        if (!document)
                return 0;
        r = config_parse_process(document, &arena, &p, &error);
        fuzz_check_error(r, &error);
        if (r >= 0)
                check_process(&p);

        /* Nothing of it is used up by reading. */
        promise(config_parse_process(document, &arena, &again, &again_error) == r);
        promise(streq_ptr(error.message, again_error.message));
        json_decref(document);
        arena_clear(&arena);
        return 0;
}
