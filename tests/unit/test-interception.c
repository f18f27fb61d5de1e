/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "interception.h"
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
        assert_false(interception_word_is_valid("mount"));
        assert_false(interception_word_is_valid(""));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(harmless_devices_and_no_others),
                T(one_attribute_with_one_value),
                T(words),
        };

        return cmocka_run_group_tests_name("interception", tests, NULL, NULL);
}
