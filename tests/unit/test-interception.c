/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "interception.h"
#include "strv.h"
#include "test.h"

static void harmless_devices_and_no_others(void **state) {
        assert_true(interception_may_make(S_IFCHR | 0666, makedev(1, 3)));
        assert_true(interception_may_make(S_IFCHR, makedev(5, 0)));
        assert_false(interception_may_make(S_IFBLK, makedev(1, 3)));
        assert_false(interception_may_make(S_IFREG, makedev(1, 3)));
        assert_false(interception_may_make(S_IFCHR, makedev(1, 1)));
        assert_false(interception_may_make(S_IFCHR, makedev(1, 3 + 256)));
        assert_false(interception_may_make(S_IFCHR, makedev(257, 3)));
        assert_false(interception_may_make(S_IFBLK, makedev(8, 0)));
        assert_false(interception_may_make(0, makedev(1, 3)));
}

static void one_attribute_with_one_value(void **state) {
        assert_true(interception_may_set("trusted.overlay.opaque", "y", 1));
        assert_false(interception_may_set("trusted.overlay.opaque", "x", 1));
        assert_false(interception_may_set("trusted.overlay.opaque", "y", 2));
        assert_false(interception_may_set("trusted.overlay.opaque", "y", 0));
        assert_false(interception_may_set("trusted.overlay.redirect", "y", 1));
        assert_false(interception_may_set("user.overlay.opaque", "y", 1));
}

static void words(void **state) {
        for (int i = 0; i < _INTERCEPTION_MAX; i++)
                assert_int_equal(interception_from_string(interception_to_string(i)), i);
        assert_true(interception_word_is_valid("mknod"));
        assert_true(interception_word_is_valid("mount:ext4"));
        assert_string_equal(interception_mount_type("mount:hfsplus"), "hfsplus");
        /* Each names its file systems. */
        STRV_FOREACH(word, STRINGS("mount", "mount:", "mount:*", "mount:a,b", "mount:Ext4", "mount:a b", "mount:../x", "umount:ext4",
                                   "mount:aaaaaaaaaabbbbbbbbbbccccccccccddd", ""))
                assert_false(interception_word_is_valid(*word));
}

static void options_of_file_systems(void **state) {
        STRV_FOREACH(option, STRINGS("ro", "noload", "errors=remount-ro"))
                assert_true(interception_may_use_option(*option));
        STRV_FOREACH(option, STRINGS("", "errors=panic", "journal_path=/dev/vda", "journal_dev=0x801", "logdev=/dev/vda", "uid=0",
                                     "device=/dev/vda", "usrjquota=x", "errors", "ro=", "context=x"))
                assert_false(interception_may_use_option(*option));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(harmless_devices_and_no_others),
                T(one_attribute_with_one_value),
                T(words),
                T(options_of_file_systems),
        };

        return cmocka_run_group_tests_name("interception", tests, NULL, NULL);
}
