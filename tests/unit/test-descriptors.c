/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "descriptors.h"
#include "procfs.h"
#include "test.h"

static void test_has_mount(void **state) {
        static const char text[] = "159 161 254:0 /root / rw - ext4 /dev/vda rw\n187 159 0:40 / /data rw - tmpfs data rw\n";

        assert_true(descriptors_has_mount(text, 159));
        assert_true(descriptors_has_mount(text, 187));
        assert_false(descriptors_has_mount(text, 161));
        assert_false(descriptors_has_mount(text, 15));
        assert_false(descriptors_has_mount("", 1));
}

static void write_list(const char *text) {
        assert_ok(file_write_atomic(AT_FDCWD, "descriptors.json", text, strlen(text), 0600));
}

static int restore(CriuRequest *request) {
        const CriuOptions o = CRIU_OPTIONS_INIT;

        assert_ok(criu_request_init(request, CRIU_RPC_TYPE__RESTORE, &o, 5, -1));
        return descriptors_restore(request, AT_FDCWD, NULL);
}

static void test_restore(void **state) {
        CriuRequest request;

        assert_ok(restore(&request)); /* no list: none of runc's, crun's or ours */
        assert_int_equal(request.message.n_inherits, 0);
        criu_request_clear(&request);

        /* As runc and crun write it. */
        write_list("[\"/dev/null\", \"pipe:[4711]\", \"pipe:[4712]\"]");
        assert_ok(restore(&request));
        assert_int_equal(request.message.n_inherits, 2);
        assert_string_equal(request.message.inherits[0]->key, "pipe:[4711]");
        assert_int_equal(request.message.inherits[0]->fd, 1);
        assert_int_equal(request.message.inherits[1]->fd, 2);
        criu_request_clear(&request);

        /* More than there are streams, and what is none. */
        write_list("[\"pipe:[1]\", 7, null, \"pipe:[4]\"]");
        assert_ok(restore(&request));
        assert_int_equal(request.message.n_inherits, 1);
        criu_request_clear(&request);

        static const char *const bad[] = { "", "{}", "[\"pipe:[1]\"", "7" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                write_list(bad[i]);
                assert_true(restore(&request) < 0);
                criu_request_clear(&request);
        }
}

/* Our own streams are no container's: what they are is named all the same. */
static void test_dump(void **state) {
        test_needs(SYS_openat2);
        const CriuOptions o = CRIU_OPTIONS_INIT;
        _cleanup_fd_ int procfs = procfs_open();
        _cleanup_free_ char *text = NULL;
        CriuRequest request;

        assert_ok(criu_request_init(&request, CRIU_RPC_TYPE__DUMP, &o, 5, -1));
        assert_ok(descriptors_dump(&request, AT_FDCWD, procfs, getpid(), NULL, NULL));
        assert_ok(file_read(AT_FDCWD, "descriptors.json", 65536, &text, NULL));
        assert_int_equal(text[0], '[');

        /* What was a pipe in the beginning may be somebody's still. */
        free(text);
        text = NULL;
        assert_ok(close(0));
        assert_int_equal(open("/dev/pts", O_RDONLY | O_DIRECTORY), 0);
        assert_ok(descriptors_dump(&request, AT_FDCWD, procfs, getpid(), "[\"pipe:[99]\", 7]", NULL));
        assert_ok(file_read(AT_FDCWD, "descriptors.json", 65536, &text, NULL));
        assert_non_null(strstr(text, "[\"pipe:[99]\""));
        criu_request_clear(&request);
}

int main(void) {
        const struct CMUnitTest tests[] = { T(test_has_mount), T_DIR(test_restore), T_DIR(test_dump) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
