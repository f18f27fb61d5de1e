/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What unit tests share: cmocka and what it wants before it, a directory that is
 * thrown away, numbers that are random and yet the same each time.
 */

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "error.h"
#include "fd.h"
#include "file.h"
#include "macro.h"

#define assert_ok(expression) assert_true((expression) >= 0)

/* A list of literals, for functions that take lists of strings. */
#define STRINGS(...) ((char **) (const char *const[]){ __VA_ARGS__, NULL })

#define T(f) cmocka_unit_test(f)
#define T_DIR(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

/* How many descriptors this process has open. */
static inline size_t test_count_fds(void) {
        DIR *dir = opendir("/proc/self/fd");
        size_t n = 0;

        assert_non_null(dir);
        while (readdir(dir))
                n++;
        closedir(dir);
        return n;
}

/* The working directory of a test: empty at its beginning, gone after it. */
static inline int test_dir_setup(void **state) {
        char path[] = "/tmp/ctrd-test-XXXXXX";

        if (!mkdtemp(path) || chdir(path) < 0)
                return -1;
        *state = strdup(path);
        return 0;
}

static inline int test_dir_teardown(void **state) {
        int r = 0;

        if (chdir("/") < 0 || file_remove_tree(AT_FDCWD, *state) < 0)
                r = -1;
        free(*state);
        return r;
}

static inline bool test_exists(const char *path) {
        struct stat st;

        return lstat(path, &st) >= 0;
}

static inline void test_write(const char *path, const char *text) {
        _cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_ok(fd_write_all(fd, text, strlen(text)));
}

static inline void test_assert_content(const char *path, const char *expected) {
        _cleanup_free_ char *text = NULL;

        assert_ok(file_read(AT_FDCWD, path, 1 << 20, &text, NULL));
        assert_string_equal(text, expected);
}

/* xorshift64*: the same numbers in each run, so that a failure can be looked at. */
static uint64_t test_seed _unused_ = UINT64_C(0x9e3779b97f4a7c15);

static inline uint64_t test_random(void) {
        test_seed ^= test_seed >> 12;
        test_seed ^= test_seed << 25;
        test_seed ^= test_seed >> 27;
        return test_seed * UINT64_C(0x2545f4914f6cdd1d);
}

/* From now on mounts are this process's own. False where that is not allowed:
 * then a test says skip(). */
static inline bool test_private_mounts(void) {
        if (unshare(CLONE_NEWNS) < 0) {
                char map[32];
                uid_t uid = getuid();

                if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
                        return false;
                snprintf(map, sizeof(map), "0 %u 1", uid);
                if (file_write(AT_FDCWD, "/proc/self/uid_map", map) < 0)
                        return false;
        }
        return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) >= 0;
}

/* Whether valgrind runs us: it makes fork(2) of vfork(2). */
static inline bool test_on_valgrind(void) {
        const char *preload = getenv("LD_PRELOAD");

        return preload && (strstr(preload, "/vgpreload") || strstr(preload, "/valgrind/"));
}

/* Skips the test where a system call does not exist: valgrind lacks the newer
 * ones. */
static inline void test_needs(long number) {
        if (syscall(number, -1, NULL, NULL, 0) < 0 && errno == ENOSYS)
                skip();
}

/* An error that is set, of this kind, whose sentence holds the text. */
static inline void test_assert_error(const Error *error, int errnum, const char *name, const char *part) {
        assert_true(error_is_set(error));
        assert_int_equal(error->errnum, errnum);
        if (name)
                assert_true(error_has_name(error, name));
        else
                assert_null(error->name);
        if (!strstr(error_message(error), part))
                fail_msg("\"%s\" does not hold \"%s\"", error_message(error), part);
}
