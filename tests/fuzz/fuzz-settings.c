/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A settings file: what is taken can be written, and means the same when read. */

#include "fuzz.h"
#include "settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(settings_freep) Settings *s = settings_new(), *again = settings_new(), *image = settings_new();
        _cleanup_free_ char *text = fuzz_text(data, size), *written = NULL, *written_again = NULL;
        _cleanup_error_ Error error = ERROR_INIT, contradiction = ERROR_INIT;
        int r;

        /* What came with an image gains it nothing. */
        if (settings_parse(image, text, "image.conf", TRUST_IMAGE, NULL) >= 0)
                promise(image->user_namespace && !image->bind && !image->capability && !image->command && !image->runtime &&
                        image->network_mode == NETWORK_VETH && image->tasks_max == 16384 && !image->credentials);

        r = settings_parse(s, text, "fuzz.conf", TRUST_ADMIN, &error);
        fuzz_check_error(r, &error);
        if (r < 0)
                return 0;
        fuzz_check_error(settings_validate(s, &contradiction), &contradiction);

        promise(settings_format(s, &written) >= 0);
        promise(utf8_is_valid(written));
        promise(settings_parse(again, written, "written.conf", TRUST_ADMIN, NULL) >= 0);
        promise(settings_format(again, &written_again) >= 0);
        promise(streq(written, written_again));
        return 0;
}
