/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "attachment.h"
#include "strv.h"
#include "test.h"

static Settings *read_settings(const char *text) {
        Settings *s = settings_new();

        assert_non_null(s);
        assert_ok(settings_parse(s, text, "test", TRUST_ADMIN, NULL));
        return s;
}

static void assert_attachment(AttachmentKind kind, const char *value, const char *source, const char *target, const char *options,
                              bool recursive) {
        Attachment a;

        assert_ok(attachment_parse(kind, value, &a));
        assert_int_equal(a.kind, kind);
        assert_true(streq_ptr(a.source, source));
        assert_string_equal(a.target, target);
        assert_true(streq_ptr(a.options, options));
        assert_int_equal(a.recursive, recursive);
        attachment_clear(&a);
        assert_null(a.target);
}

static void values_are_taken_apart(void **state) {
        assert_attachment(ATTACHMENT_BIND, "/a", "/a", "/a", NULL, true);
        assert_attachment(ATTACHMENT_BIND, "/a:/b", "/a", "/b", NULL, true);
        assert_attachment(ATTACHMENT_BIND_READ_ONLY, "/a b:/c:norbind", "/a b", "/c", NULL, false);
        assert_attachment(ATTACHMENT_BIND, "/a:/b:rbind", "/a", "/b", NULL, true);
        assert_attachment(ATTACHMENT_TMPFS, "/t", NULL, "/t", NULL, false);
        assert_attachment(ATTACHMENT_TMPFS, "/t:size=1m,mode=700", NULL, "/t", "size=1m,mode=700", false);
        assert_attachment(ATTACHMENT_DEVICE, "/dev/fuse", "/dev/fuse", "/dev/fuse", NULL, false);
        assert_attachment(ATTACHMENT_DEVICE, "/dev/sda:/dev/disk:r", "/dev/sda", "/dev/disk", NULL, false);
        assert_attachment(ATTACHMENT_CREDENTIAL, "name:/a:b", "/a:b", "name", NULL, false);
}

static void kinds_are_keys_of_settings(void **state) {
        _cleanup_(settings_freep) Settings *s = read_settings("[Exec]\nCredential=n:/c\n[Files]\nBind=/a\nBindReadOnly=/b\n"
                                                              "TemporaryFileSystem=/t\nDevice=/dev/x\n");

        for (AttachmentKind i = 0; i < _ATTACHMENT_KIND_MAX; i++) {
                _cleanup_strv_ char **values = NULL;
                const char *key = attachment_kind_to_string(i);

                assert_non_null(key);
                assert_int_equal(attachment_kind_from_string(key), i);
                /* The list is that of the key. */
                assert_ok(settings_get(s, key, &values));
                assert_true(strv_equal(values, attachment_list(s, i)));
                assert_int_equal(strv_length(values), 1);
        }
        assert_int_equal(attachment_count(s), 5);
        assert_null(attachment_kind_to_string(_ATTACHMENT_KIND_MAX));
        assert_true(attachment_kind_from_string("MemoryMax") < 0);
        assert_true(attachment_kind_from_string("bind") < 0);
        assert_true(attachment_kind_from_string(NULL) < 0);
}

static void they_are_found_by_where_they_are(void **state) {
        _cleanup_(settings_freep) Settings *s = read_settings("[Exec]\nCredential=n:/srv\n[Files]\nBind=/a:/x /b:/y\nDevice=/dev/a:/dev/b\n");
        const char *value = "untouched";
        AttachmentKind kind;

        assert_ok(attachment_find(s, "/y", &kind, &value));
        assert_int_equal(kind, ATTACHMENT_BIND);
        assert_string_equal(value, "/b:/y");
        assert_ok(attachment_find(s, "n", &kind, &value));
        assert_int_equal(kind, ATTACHMENT_CREDENTIAL);
        assert_ok(attachment_find(s, "/dev/b", &kind, &value));
        assert_int_equal(kind, ATTACHMENT_DEVICE);
        value = "untouched";
        assert_int_equal(attachment_find(s, "/a", &kind, &value), -ENOENT);
        assert_int_equal(attachment_find(s, "/srv", &kind, &value), -ENOENT);
        assert_int_equal(attachment_find(s, "", &kind, &value), -ENOENT);
        assert_string_equal(value, "untouched");
}

static void paths_are_compared_by_their_components(void **state) {
        assert_true(attachment_is_at("/a/b", "/a/b"));
        assert_true(attachment_is_at("/a/b", "//a/./b/"));
        assert_true(attachment_is_at("//a/b/.", "/a/b"));
        assert_true(attachment_is_at("name", "name"));
        assert_false(attachment_is_at("/a/b", "/a/bc"));
        assert_false(attachment_is_at("/a/b", "/a"));
        assert_false(attachment_is_at("/a", "/a/b"));
        assert_false(attachment_is_at("/a", "a"));
        assert_false(attachment_is_at("/.a", "/a"));
        assert_true(attachment_is_below("/a", "/a/b"));
        assert_true(attachment_is_below("/a/", "/a//b"));
        assert_true(attachment_is_below("/a", "/a/.b"));
        assert_false(attachment_is_below("/a", "/a"));
        assert_false(attachment_is_below("/a", "/a/."));
        assert_false(attachment_is_below("/a", "/ab"));
        assert_false(attachment_is_below("/a/b", "/a"));
        assert_false(attachment_is_below("a", "a/b"));
}

static void all_are_copied_and_nothing_else(void **state) {
        _cleanup_(settings_freep) Settings *from = read_settings("[Container]\nDescription=x\n[Files]\nBind=\"/a b:/c d\"\n");
        _cleanup_(settings_freep) Settings *to = read_settings("[Files]\nBind=/old\nDevice=/dev/old\n");

        assert_ok(attachment_copy_all(to, from));
        assert_int_equal(attachment_count(to), 1);
        assert_string_equal(attachment_list(to, ATTACHMENT_BIND)[0], "/a b:/c d");
        assert_null(to->description);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(values_are_taken_apart),
                T(kinds_are_keys_of_settings),
                T(they_are_found_by_where_they_are),
                T(paths_are_compared_by_their_components),
                T(all_are_copied_and_nothing_else),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
