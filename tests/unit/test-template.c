/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "strv.h"
#include "template.h"
#include "test.h"
#include "utf8.h"

#define _cleanup_info_ _cleanup_(template_info_clear)

static TemplateInfo parse(const char *text) {
        TemplateInfo info = {};

        assert_ok(template_parse_description("debian", text, &info));
        return info;
}

static void description_is_read(void **state) {
        _cleanup_info_ TemplateInfo i = parse("DESCRIPTION=Debian GNU/Linux\n"
                                              "VARIANTS=bookworm trixie  sid\n"
                                              "DEFAULT_VARIANT=bookworm\n"
                                              "NETWORK=no\n");

        assert_string_equal(i.name, "debian");
        assert_string_equal(i.description, "Debian GNU/Linux");
        assert_true(strv_equal(i.variants, STRINGS("bookworm", "trixie", "sid")));
        assert_string_equal(i.default_variant, "bookworm");
        assert_false(i.network);
}

static void default_variant_is_enough(void **state) {
        _cleanup_info_ TemplateInfo i = parse("DEFAULT_VARIANT=1.36");

        assert_string_equal(i.description, "");
        assert_int_equal(strv_length(i.variants), 0);
        assert_true(i.network); /* rather wait for it than fail without */
}

static void what_a_later_version_says_is_passed_over(void **state) {
        _cleanup_info_ TemplateInfo i = parse("ARCHITECTURES=amd64\nDEFAULT_VARIANT=a\nnoise\n=\n\n DESCRIPTION=indented\n");

        assert_string_equal(i.default_variant, "a");
        assert_string_equal(i.description, "");
}

static void last_line_of_a_key_wins(void **state) {
        _cleanup_info_ TemplateInfo i = parse("DESCRIPTION=a\nDESCRIPTION=b\nVARIANTS=x y\nVARIANTS=z\n"
                                              "DEFAULT_VARIANT=x\nDEFAULT_VARIANT=z\nNETWORK=no\nNETWORK=yes\n");

        assert_string_equal(i.description, "b");
        assert_true(strv_equal(i.variants, STRINGS("z")));
        assert_string_equal(i.default_variant, "z");
        assert_true(i.network);
}

static void network_that_is_not_understood_is_needed(void **state) {
        _cleanup_info_ TemplateInfo i = parse("DEFAULT_VARIANT=a\nNETWORK=perhaps\n");

        assert_true(i.network);
}

static void description_without_a_good_default_is_refused(void **state) {
        static const char *const bad[] = {
                "", "DESCRIPTION=x\nVARIANTS=a b\n", "DEFAULT_VARIANT=\n", "DEFAULT_VARIANT=../etc\n", "DEFAULT_VARIANT=a/b\n",
                "DEFAULT_VARIANT=a b\n", "DEFAULT_VARIANT=A\n", "DEFAULT_VARIANT=-rf\n", "DEFAULT_VARIANT=a\r\n", "default_variant=a\n",
                "DEFAULT_VARIANT=\xff\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                TemplateInfo info = { .name = (char *) "untouched" };

                if (template_parse_description("debian", bad[i], &info) != -EBADMSG)
                        fail_msg("taken: %s", bad[i]);
                assert_string_equal(info.name, "untouched");
                assert_null(info.description);
        }
}

/* It goes over D-Bus and to terminals. */
static void description_is_printable(void **state) {
        _cleanup_info_ TemplateInfo i = parse("DESCRIPTION=caf\xe9 \x1b[2J\nVARIANTS=a \xff ../b c/d e\x1b f\nDEFAULT_VARIANT=a\n");

        assert_true(utf8_is_printable(i.description));
        assert_non_null(startswith(i.description, "caf"));
        /* none that could not be built */
        assert_true(strv_equal(i.variants, STRINGS("a", "f")));
}

static void image_id_is_of_template_and_variant(void **state) {
        _cleanup_free_ char *id = template_image_id("debian", "bookworm");

        assert_string_equal(id, "debian-bookworm");
}

static void cleared_info_is_empty(void **state) {
        TemplateInfo i = parse("DEFAULT_VARIANT=a\nVARIANTS=a\n");

        template_info_clear(&i);
        assert_null(i.name);
        assert_null(i.variants);
        template_info_clear(&i);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(description_is_read),
                T(default_variant_is_enough),
                T(what_a_later_version_says_is_passed_over),
                T(last_line_of_a_key_wins),
                T(network_that_is_not_understood_is_needed),
                T(description_without_a_good_default_is_refused),
                T(description_is_printable),
                T(image_id_is_of_template_and_variant),
                T(cleared_info_is_empty),
        };

        return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
