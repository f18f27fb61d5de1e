/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "criu-mounts.h"
#include "test.h"

static const char mountinfo[] =
        "159 161 254:0 /root / rw,relatime - ext4 /dev/vda rw\n"
        "187 159 0:40 / /data rw,relatime shared:7 - tmpfs data rw\n"
        "188 187 0:41 / /data/sub rw - tmpfs sub rw\n"
        "189 187 0:42 / /data/with\\040blank/\\134x rw - tmpfs sub rw\n"
        "190 159 0:43 / /database rw - tmpfs other rw\n";

typedef struct Found {
        size_t n;
        char text[8][64];
} Found;

static int note(const char *suffix, void *arg) {
        Found *f = arg;

        assert_true(f->n < ELEMENTSOF(f->text));
        snprintf(f->text[f->n++], sizeof(f->text[0]), "%s", suffix);
        return 0;
}

static int refuse(const char *suffix, void *arg) {
        return -EXDEV;
}

static void test_below(void **state) {
        Found f = {};

        assert_ok(criu_mounts_below(mountinfo, "/data", note, &f));
        assert_int_equal(f.n, 2);
        assert_string_equal(f.text[0], "/sub");
        assert_string_equal(f.text[1], "/with blank/\\x");

        f.n = 0;
        assert_ok(criu_mounts_below(mountinfo, "/", note, &f));
        assert_int_equal(f.n, 4);
        assert_string_equal(f.text[0], "/data");

        f.n = 0;
        assert_ok(criu_mounts_below(mountinfo, "/nothing", note, &f));
        assert_ok(criu_mounts_below("", "/", note, &f));
        assert_int_equal(f.n, 0);

        assert_int_equal(criu_mounts_below(mountinfo, "/data", refuse, NULL), -EXDEV);
        assert_int_equal(criu_mounts_below("1 2 3\n", "/", note, &f), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = { T(test_below) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
