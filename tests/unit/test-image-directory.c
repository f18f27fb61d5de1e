/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "image-directory.h"
#include "test.h"

static CriuOptions options(const char *images, const char *work) {
        CriuOptions o = CRIU_OPTIONS_INIT;

        o.image_path = images;
        o.work_path = work;
        return o;
}

static void test_create(void **state) {
        size_t before = test_count_fds();
        ImageDirectory d = IMAGE_DIRECTORY_INIT;
        CriuOptions o = options("a/images", "a/work");
        struct stat st;

        assert_ok(image_directory_create(&o, &d, NULL));
        assert_ok(stat("a/images", &st));
        /* The memory of processes is in there. */
        assert_int_equal(st.st_mode & 07777, 0700);
        assert_ok(stat("a/work", &st));
        image_directory_close(&d);

        /* Again, beside a pre-dump and without a work directory. */
        o = options("a/images", NULL);
        o.parent_path = "../first";
        assert_int_equal(image_directory_create(&o, &d, NULL), -ENOENT);
        image_directory_close(&d);
        assert_ok(mkdir("a/first", 0700));
        assert_ok(image_directory_create(&o, &d, NULL));
        assert_true(d.images >= 0 && d.work >= 0 && d.images != d.work);
        image_directory_close(&d);
        assert_int_equal(test_count_fds(), before);
}

static void test_open(void **state) {
        ImageDirectory d = IMAGE_DIRECTORY_INIT;
        _cleanup_error_ Error error = ERROR_INIT;
        const CriuOptions o = options("images", NULL);

        assert_int_equal(image_directory_open(&o, &d, NULL), -ENOENT);
        assert_ok(mkdir("images", 0700));
        assert_int_equal(image_directory_open(&o, &d, &error), -ENOENT);
        assert_true(error_has_name(&error, "InvalidCheckpoint"));
        image_directory_close(&d);
        assert_ok(file_write_atomic(AT_FDCWD, "images/inventory.img", "x", 1, 0600));
        assert_ok(image_directory_open(&o, &d, NULL));
        assert_ok(file_write_atomic(AT_FDCWD, "images/pages-1.img", "four", 4, 0600));
        assert_int_equal(image_directory_size(&d), 5);
        image_directory_close(&d);
}

static void test_explain(void **state) {
        static const char log[] = "(00.3) Error (a:1): the cause\n";
        ImageDirectory d = IMAGE_DIRECTORY_INIT;
        _cleanup_error_ Error error = ERROR_INIT;
        const CriuOptions o = options("images", NULL);

        assert_ok(image_directory_create(&o, &d, NULL));
        error_set(&error, EIO, "CriuFailed", "criu failed");
        assert_int_equal(image_directory_explain(&d, "dump.log", "dumping x", &error), -EIO);
        assert_string_equal(error_message(&error), "dumping x: criu failed");

        error_clear(&error);
        assert_ok(file_write_atomic(d.work, "dump.log", log, sizeof(log) - 1, 0600));
        error_set(&error, EIO, "CriuFailed", "criu failed");
        assert_int_equal(image_directory_explain(&d, "dump.log", "dumping x", &error), -EIO);
        assert_string_equal(error_message(&error), "dumping x: criu: the cause (see images/dump.log)");

        /* A failure of our own is not criu's. */
        error_clear(&error);
        error_set(&error, EPERM, "HookFailed", "the hook failed");
        assert_int_equal(image_directory_explain(&d, "dump.log", "dumping x", &error), -EPERM);
        assert_string_equal(error_message(&error), "dumping x: the hook failed");
        image_directory_close(&d);

        /* The log of an earlier attempt says nothing of the next. */
        assert_ok(image_directory_create(&o, &d, NULL));
        error_clear(&error);
        error_set(&error, EIO, "CriuFailed", "criu failed");
        assert_int_equal(image_directory_explain(&d, "dump.log", "dumping x", &error), -EIO);
        assert_string_equal(error_message(&error), "dumping x: criu failed");
        image_directory_close(&d);
}

static void test_admit(void **state) {
        const CriuOptions o = options("images", NULL);
        ImageDirectory d = IMAGE_DIRECTORY_INIT;
        struct stat st;

        assert_ok(image_directory_create(&o, &d, NULL));
        assert_ok(image_directory_admit(&d, getgid(), NULL));
        assert_ok(stat("images", &st));
        assert_int_equal(st.st_mode & 07777, 0710);
        assert_int_equal(st.st_gid, getgid());

        /* Another group's right is not taken away; everybody's is enough. */
        assert_int_equal(image_directory_admit(&d, getgid() + 1, NULL), -EACCES);
        assert_ok(chmod("images", 0755));
        assert_ok(image_directory_admit(&d, getgid() + 1, NULL));
        assert_ok(stat("images", &st));
        assert_int_equal(st.st_mode & 07777, 0755);
        assert_int_equal(st.st_gid, getgid());
        image_directory_close(&d);
}

int main(void) {
        const struct CMUnitTest tests[] = { T_DIR(test_create), T_DIR(test_open), T_DIR(test_explain), T_DIR(test_admit) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
