/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mounts: the array of the config, or lines of options as in "ro,rnosuid". */

#include "check-config.h"
#include "field.h"
#include "fuzz.h"
#include "strv.h"

static bool is_listed(const char *word) {
        const char *name;

        for (size_t i = 0; (name = mount_option_name(i)); i++)
                if (streq(name, word))
                        return true;
        return false;
}

static void one_line(const char *line) {
        _cleanup_strv_ char **words = NULL;
        MountOptions o = {};

        promise(strv_split(line, ",", &words) >= 0);
        STRV_FOREACH(word, words) {
                int known = mount_options_add(&o, *word);

                check_mount_options(&o);
                /* `features` tells of the same words that are taken. */
                promise((known > 0) == is_listed(*word));

                MountOptions twice = o;
                promise(mount_options_add(&twice, *word) == known);
                promise(memcmp(&twice, &o, sizeof(o)) == 0);
        }
}

static void array(const uint8_t *data, size_t size) {
        _cleanup_error_ Error error = ERROR_INIT;
        json_t *document = field_load((const char *) data, size, "mounts.json", &error);
        Config c = {};
        int r;

        if (!document)
                return;
        r = config_parse_mounts(&c, document, &error);
        fuzz_check_error(r, &error);
        if (r >= 0)
                for (size_t i = 0; i < c.n_mounts; i++)
                        check_mount(c.mounts + i);
        arena_clear(&c.arena);
        json_decref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_text(data, size);
        _cleanup_strv_ char **lines = NULL;

        if (size > 0 && data[0] == '[') {
                array(data, size);
                return 0;
        }
        promise(strv_split(text, "\n", &lines) >= 0);
        STRV_FOREACH(line, lines)
                one_line(*line);
        return 0;
}
