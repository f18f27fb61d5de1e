/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What "TEMPLATE describe" printed. */

#include "fuzz.h"
#include "name.h"
#include "strv.h"
#include "template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(template_info_clear) TemplateInfo info = {};
        _cleanup_free_ char *text = fuzz_text(data, size);

        if (template_parse_description("fuzz", text, &info) < 0) {
                promise(!info.name && !info.description && !info.variants);
                return 0;
        }
        promise(utf8_is_printable(info.description));
        promise(name_is_image_id(info.default_variant));
        STRV_FOREACH(v, info.variants)
                promise(name_is_image_id(*v));
        return 0;
}
