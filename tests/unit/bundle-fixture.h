/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A launch as the tests of bundle, plan and exec want it. */

#include <signal.h>

#include "bundle.h"
#include "strv.h"
#include "test.h"

typedef struct Fixture {
        Settings *settings;
        Identity identity;
        Image image;
        Launch launch;
} Fixture;

static inline void fixture_init(Fixture *f, const char *settings) {
        _cleanup_error_ Error e = ERROR_INIT;

        *f = (Fixture){
                .settings = settings_new(),
                .identity = {
                        .machine_id = (char *) "0123456789abcdef0123456789abcdef",
                        .image = (char *) "debian-bookworm",
                        .uid_base = 524288,
                        .uid_count = 65536,
                },
                .image = {
                        .id = (char *) "debian-bookworm",
                        .stop_signal = SIGRTMIN + 4,
                        .notifies = true,
                        .init_path = (char *) "/sbin/init",
                },
        };
        f->launch = (Launch){
                .name = "web",
                .settings = f->settings,
                .identity = &f->identity,
                .image = &f->image,
                .dir = "/run/ctrd/containers/web",
        };
        if (settings_parse(f->settings, settings, "test.conf", TRUST_ADMIN, &e) < 0)
                fail_msg("%s", error_message(&e));
}

static inline void fixture_clear(Fixture *f) {
        settings_free(f->settings);
}
#define _cleanup_fixture_ _cleanup_(fixture_clear)

static inline void json_freep(json_t **j) {
        json_decref(*j);
}
#define _cleanup_json_ _cleanup_(json_freep)

/* Whether an array of strings holds the string. */
static inline bool json_holds(const json_t *array, const char *s) {
        assert_true(json_is_array(array));
        for (size_t i = 0; i < json_array_size(array); i++)
                if (streq(json_string_value(json_array_get(array, i)), s))
                        return true;
        return false;
}

/* The array as one string with blanks between. */
static inline char *json_words(const json_t *array) {
        _cleanup_strv_ char **l = calloc(1, sizeof(char *));

        assert_true(json_is_array(array));
        for (size_t i = 0; i < json_array_size(array); i++)
                assert_ok(strv_extend(&l, json_string_value(json_array_get(array, i))));
        return strv_join(l, " ");
}

/* "a.b.c" in nested objects, or NULL. */
static inline json_t *json_at(const json_t *j, const char *path) {
        _cleanup_strv_ char **keys = NULL;

        assert_ok(strv_split(path, ".", &keys));
        STRV_FOREACH(k, keys)
                j = json_object_get(j, *k);
        return (json_t *) j;
}

static inline void assert_json_string(const json_t *j, const char *path, const char *expected) {
        const char *s = json_string_value(json_at(j, path));

        if (!s || !streq(s, expected))
                fail_msg("%s is %s, not %s", path, strempty(s), expected);
}

static inline void assert_json_words(const json_t *array, const char *expected) {
        _cleanup_free_ char *words = json_words(array);

        assert_string_equal(words, expected);
}
