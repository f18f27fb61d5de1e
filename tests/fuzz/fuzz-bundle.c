/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any settings that are taken make a bundle and a plan, and the plan has no line
 * that ctrd did not mean. */

#include "bundle.h"
#include "fuzz.h"
#include "strv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static char id[] = "image", init[] = "/sbin/init", machine_id[] = "0123456789abcdef0123456789abcdef";
        const Identity identity = { .machine_id = machine_id, .image = id, .uid_base = 524288, .uid_count = 65536 };
        const Image image = { .id = id, .stop_signal = 37, .notifies = true, .init_path = init };
        _cleanup_(settings_freep) Settings *s = settings_new();
        _cleanup_free_ char *text = fuzz_text(data, size), *plan = NULL, *json = NULL;
        _cleanup_strv_ char **lines = NULL;
        json_t *config;

        if (settings_parse(s, text, "fuzz.conf", TRUST_ADMIN, NULL) < 0 || settings_validate(s, NULL) < 0)
                return 0;
        /* The host's os-release is somebody else's text too. */
        const Launch launch = { .name = "fuzz", .settings = s, .identity = &identity, .image = &image, .dir = "/run/x", .host_os = text };

        promise(bundle_compile(&launch, &config, NULL) >= 0);
        json = json_dumps(config, JSON_COMPACT);
        json_decref(config);
        promise(json);

        promise(plan_compile(&launch, &plan, NULL) >= 0);
        promise(strv_split(plan, "\n", &lines) >= 0);
        promise(strv_length(lines) == 16U + (s->user_namespace ? 1U : 0U) + (s->lxcfs != TRISTATE_NO ? 1U : 0U));
        promise(startswith(lines[0], "NAME=fuzz") && startswith(lines[1], "RUNTIME=/") && startswith(lines[4], "ROOT=overlay"));
        return 0;
}
