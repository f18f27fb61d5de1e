/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "fragment.h"
#include "strv.h"
#include "test.h"

static char top[] = "/tmp/test-fragment-XXXXXX";
static char *directories[3];

static int setup(void **state) {
        if (!mkdtemp(top))
                return -1;
        for (size_t i = 0; i < 2; i++) {
                if (asprintf(&directories[i], "%s/%zu", top, i) < 0 || mkdir(directories[i], 0755) < 0)
                        return -1;
        }
        return 0;
}

static int teardown(void **state) {
        for (size_t i = 0; i < 2; i++)
                free(directories[i]);
        return file_remove_tree(AT_FDCWD, top);
}

static void put(size_t directory, const char *name, const char *text) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s", directories[directory], name);
        assert_ok(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644));
}

static void the_first_of_a_name_counts(void **state) {
        _cleanup_strv_ char **paths = NULL;
        _cleanup_free_ char *hidden = NULL;

        put(0, "20-b.conf", "0");
        put(1, "20-b.conf", "1");
        put(1, "10-a.conf", "1");
        put(1, "30-c.conf", "1");
        put(1, "40-d.conf", "1");
        put(0, "notes.txt", "");
        put(0, ".50.conf", "");
        assert_true(asprintf(&hidden, "%s/30-c.conf", directories[0]) > 0);
        assert_ok(symlink("/dev/null", hidden));

        assert_ok(fragment_list(directories, NULL, &paths, NULL));
        assert_int_equal(strv_length(paths), 3);
        assert_true(endswith(paths[0], "/1/10-a.conf"));
        assert_true(endswith(paths[1], "/0/20-b.conf"));
        assert_true(endswith(paths[2], "/1/40-d.conf"));
}

static void one_that_is_to_be_there_is_in_its_place(void **state) {
        _cleanup_strv_ char **paths = NULL;
        _cleanup_free_ char *also = NULL;

        assert_true(asprintf(&also, "%s/15-x.conf", directories[1]) > 0);
        assert_ok(fragment_list(directories, also, &paths, NULL));
        assert_int_equal(strv_length(paths), 4);
        assert_string_equal(paths[1], also);
}

static void no_directory_is_no_error(void **state) {
        _cleanup_error_ Error error = ERROR_INIT;
        char **paths = NULL;

        assert_ok(fragment_list((char *[]){ (char *) "/nonexistent/x", NULL }, NULL, &paths, NULL));
        assert_null(paths);
        assert_int_equal(fragment_list((char *[]){ (char *) "/dev/null", NULL }, NULL, &paths, &error), -ENOTDIR);
        test_assert_error(&error, ENOTDIR, NULL, "cannot read /dev/null");
}

static void only_text_files_are_read(void **state) {
        _cleanup_error_ Error lacks = ERROR_INIT, fifo = ERROR_INIT, zero = ERROR_INIT;
        _cleanup_free_ char *path = NULL, *text = NULL;

        assert_true(asprintf(&path, "%s/fifo", top) > 0);
        assert_ok(fragment_read(path, true, &text, NULL));
        assert_null(text);
        assert_int_equal(fragment_read(path, false, &text, &lacks), -ENOENT);
        test_assert_error(&lacks, ENOENT, NULL, "cannot read");
        assert_ok(mkfifo(path, 0600));
        assert_int_equal(fragment_read(path, true, &text, &fifo), -EINVAL);
        test_assert_error(&fifo, EINVAL, "InvalidSettings", "is no file");
        assert_ok(unlink(path));
        assert_ok(file_write_atomic(AT_FDCWD, path, "a\0b", 3, 0600));
        assert_int_equal(fragment_read(path, true, &text, &zero), -EINVAL);
        test_assert_error(&zero, EINVAL, "InvalidSettings", "zero byte");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_of_a_name_counts),
                cmocka_unit_test(one_that_is_to_be_there_is_in_its_place),
                cmocka_unit_test(no_directory_is_no_error),
                cmocka_unit_test(only_text_files_are_read),
        };

        return cmocka_run_group_tests_name("fragment", tests, setup, teardown);
}
