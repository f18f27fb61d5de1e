/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>

#include "rootpath.h"
#include "test.h"

/* A root in a directory, with something beside it that is worth having. */
static int root = -EBADF;

static int root_setup(void **state) {
        if (test_dir_setup(state) < 0 || mkdir("root", 0755) < 0 || mkdir("outside", 0755) < 0)
                return -1;
        test_write("outside/secret", "secret");
        test_write("secret", "secret");
        root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return root < 0 ? -1 : 0;
}

static int root_teardown(void **state) {
        root = fd_close(root);
        return test_dir_teardown(state);
}
#define T_ROOT(f) cmocka_unit_test_setup_teardown(f, root_setup, root_teardown)

/* That a path inside is the file of this path outside. */
static void assert_opens(const char *inside, const char *expected) {
        _cleanup_fd_ int fd = rootpath_open(root, inside, O_PATH, 0);
        struct stat a, b;

        if (fd < 0)
                fail_msg("%s: %s", inside, strerror(-fd));
        assert_ok(fstat(fd, &a));
        assert_ok(stat(expected, &b));
        assert_true(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
        assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void create(const char *path, mode_t mode) {
        _cleanup_fd_ int fd = rootpath_create(root, path, mode);

        if (fd < 0)
                fail_msg("%s: %s", path, strerror(-fd));
}

static void paths_are_those_of_the_root(void **state) {
        test_needs(SYS_openat2);
        assert_ok(file_mkdir_parents("root/a/b", 0755));
        test_write("root/a/f", "x");
        assert_opens("/a/f", "root/a/f");
        assert_opens("a/f", "root/a/f");
        assert_opens("//a/./b/../f", "root/a/f");
        assert_opens("/", "root");
        assert_opens("", "root");
        assert_opens(".", "root");
        assert_int_equal(rootpath_open(root, "/none", O_PATH, 0), -ENOENT);
        assert_int_equal(rootpath_open(root, "/a/f/x", O_PATH, 0), -ENOTDIR);
}

static void dots_stop_at_the_root(void **state) {
        test_needs(SYS_openat2);
        assert_ok(mkdir("root/outside", 0755));
        test_write("root/outside/secret", "decoy");
        assert_opens("..", "root");
        assert_opens("../../../..", "root");
        assert_opens("/../outside/secret", "root/outside/secret");
        assert_int_equal(rootpath_open(root, "../secret", O_RDONLY, 0), -ENOENT);
}

static void symlinks_are_resolved_inside(void **state) {
        test_needs(SYS_openat2);
        assert_ok(file_mkdir_parents("root/etc", 0755));
        test_write("root/etc/f", "x");
        assert_ok(symlink("/etc/f", "root/absolute"));
        assert_ok(symlink("../../../etc/f", "root/etc/climbing"));
        assert_ok(symlink("/", "root/slash"));
        assert_ok(symlink("absolute", "root/chain"));
        assert_opens("/absolute", "root/etc/f");
        assert_opens("/etc/climbing", "root/etc/f");
        assert_opens("/slash/slash/etc/f", "root/etc/f");
        assert_opens("/chain", "root/etc/f");
}

static void symlinks_lead_nowhere_else(void **state) {
        test_needs(SYS_openat2);
        char target[PATH_MAX];

        snprintf(target, sizeof(target), "%s/outside/secret", (char *) *state);
        assert_ok(symlink(target, "root/absolute"));
        assert_ok(symlink("../outside/secret", "root/relative"));
        assert_ok(symlink("..", "root/up"));
        assert_int_equal(rootpath_open(root, "absolute", O_RDONLY, 0), -ENOENT);
        assert_int_equal(rootpath_open(root, "relative", O_RDONLY, 0), -ENOENT);
        assert_int_equal(rootpath_open(root, "up/outside/secret", O_RDONLY, 0), -ENOENT);
        assert_int_equal(rootpath_open(root, "up/up/up/secret", O_RDONLY, 0), -ENOENT);
}

static void magic_links_are_refused(void **state) {
        test_needs(SYS_openat2);
        if (!test_private_mounts())
                skip();
        assert_ok(mkdir("root/proc", 0755));
        fd_close(root); /* of the mounts that it was opened among */
        root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (mount("proc", "root/proc", "proc", 0, NULL) < 0)
                assert_ok(mount("/proc", "root/proc", "none", MS_BIND | MS_REC, NULL));

        _cleanup_fd_ int outside = open("outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char path[64];
        snprintf(path, sizeof(path), "/proc/self/fd/%d/secret", outside);
        int a = rootpath_open(root, path, O_RDONLY, 0), b = rootpath_open(root, "/proc/self/root/etc/passwd", O_RDONLY, 0),
            c = rootpath_open(root, "/proc/self/exe", O_RDONLY, 0), d = rootpath_create(root, path, S_IFREG | 0644);

        assert_ok(umount2("root/proc", MNT_DETACH));
        assert_int_equal(a, -ELOOP);
        assert_int_equal(b, -ELOOP);
        assert_int_equal(c, -ELOOP);
        assert_int_equal(d, -ELOOP);
}

static void circles_of_symlinks_end(void **state) {
        test_needs(SYS_openat2);
        assert_ok(symlink("b", "root/a"));
        assert_ok(symlink("a", "root/b"));
        assert_ok(symlink("self/x", "root/self"));
        assert_int_equal(rootpath_open(root, "a", O_PATH, 0), -ELOOP);
        assert_int_equal(rootpath_create(root, "a", S_IFREG | 0644), -ELOOP);
        assert_int_equal(rootpath_create(root, "self/y", S_IFREG | 0644), -ELOOP);
}

static void nofollow_is_for_the_last_component(void **state) {
        test_needs(SYS_openat2);
        assert_ok(mkdir("root/d", 0755));
        test_write("root/d/f", "x");
        assert_ok(symlink("d", "root/link"));
        _cleanup_fd_ int fd = rootpath_open(root, "link", O_PATH | O_NOFOLLOW, 0);
        struct stat st;

        assert_ok(fd);
        assert_ok(fstat(fd, &st));
        assert_true(S_ISLNK(st.st_mode));
        _cleanup_fd_ int file = rootpath_open(root, "link/f", O_PATH | O_NOFOLLOW, 0);
        assert_ok(file);
}

static void creates_the_way_and_the_last(void **state) {
        test_needs(SYS_openat2);
        struct stat st;
        mode_t old = umask(0);

        create("/a/b/dir", S_IFDIR | 0700);
        create("a/b/c/file", S_IFREG | 0640);
        umask(old);
        assert_ok(lstat("root/a/b/dir", &st));
        assert_int_equal(st.st_mode, S_IFDIR | 0700);
        assert_ok(lstat("root/a/b/c/file", &st));
        assert_int_equal(st.st_mode, S_IFREG | 0640);
        assert_int_equal(st.st_size, 0);
        assert_ok(lstat("root/a/b/c", &st));
        assert_int_equal(st.st_mode, S_IFDIR | 0755);
}

static void creates_nothing_that_exists(void **state) {
        test_needs(SYS_openat2);
        assert_ok(mkdir("root/d", 0711));
        test_write("root/f", "content");
        create("f", S_IFREG | 0600);
        create("d", S_IFDIR | 0755);
        /* of whatever type */
        create("f", S_IFDIR | 0755);
        create("d", S_IFREG | 0600);
        test_assert_content("root/f", "content");
        assert_int_equal(rootpath_create(root, "f/x", S_IFREG | 0600), -ENOTDIR);
}

static void creation_goes_through_dangling_symlinks_inside(void **state) {
        test_needs(SYS_openat2);
        char target[PATH_MAX];

        snprintf(target, sizeof(target), "%s/outside/new", (char *) *state);
        assert_ok(symlink(target, "root/absolute"));
        assert_ok(symlink("../../../outside/new2", "root/relative"));
        assert_ok(symlink("deep/down", "root/dir"));
        create("absolute", S_IFREG | 0644);
        create("relative", S_IFREG | 0644);
        create("dir/below/file", S_IFREG | 0644);

        assert_false(test_exists("outside/new"));
        assert_false(test_exists("outside/new2"));
        assert_true(test_exists("root/outside/new2"));
        assert_true(test_exists("root/deep/down/below/file"));
        snprintf(target, sizeof(target), "root%s/outside/new", (char *) *state);
        assert_opens("absolute", target);
}

static void creation_goes_up_and_down_inside(void **state) {
        test_needs(SYS_openat2);
        create("a/../../../b/./c/../d/file", S_IFREG | 0644);
        assert_true(test_exists("root/a"));
        assert_true(test_exists("root/b/c"));
        assert_true(test_exists("root/b/d/file"));
        assert_false(test_exists("b"));
}

static void creation_of_the_root_is_the_root(void **state) {
        test_needs(SYS_openat2);
        static const char *const paths[] = { "/", "", ".", "..", "a/..", "/../.." };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_fd_ int fd = rootpath_create(root, paths[i], S_IFDIR | 0755);
                struct stat a, b;

                assert_ok(fd);
                assert_ok(fstat(fd, &a));
                assert_ok(stat("root", &b));
                assert_int_equal(a.st_ino, b.st_ino);
        }
}

static void too_long_names_and_paths_are_refused(void **state) {
        test_needs(SYS_openat2);
        char path[PATH_MAX + 2];

        memset(path, 'n', NAME_MAX + 1);
        path[NAME_MAX + 1] = 0;
        assert_int_equal(rootpath_create(root, path, S_IFREG | 0644), -ENAMETOOLONG);
        for (size_t i = 0; i < sizeof(path) - 1; i++)
                path[i] = i % 2 ? '/' : 'a';
        path[sizeof(path) - 1] = 0;
        assert_int_equal(rootpath_create(root, path, S_IFREG | 0644), -ENAMETOOLONG);
        assert_int_equal(rootpath_open(root, path, O_PATH, 0), -ENAMETOOLONG);
}

static void creation_leaks_no_descriptor(void **state) {
        test_needs(SYS_openat2);
        size_t before = test_count_fds();

        assert_ok(symlink("loop", "root/loop"));
        test_write("root/f", "");
        create("a/b/../c/d", S_IFREG | 0644);
        (void) rootpath_create(root, "a/loop/../../loop/x", S_IFREG | 0644);
        (void) rootpath_create(root, "a/new/../../f/x", S_IFREG | 0644);
        assert_int_equal(test_count_fds(), before);
}

static void parent_is_opened_for_the_last_component(void **state) {
        test_needs(SYS_openat2);
        const char *path = "/a/b/name", *name = NULL;
        struct stat a, b;

        assert_int_equal(rootpath_open_parent(root, path, false, &name), -ENOENT);
        assert_null(name);
        _cleanup_fd_ int fd = rootpath_open_parent(root, path, true, &name);
        assert_ok(fd);
        assert_ptr_equal(name, path + 5);
        assert_ok(fstat(fd, &a));
        assert_ok(stat("root/a/b", &b));
        assert_int_equal(a.st_ino, b.st_ino);
        assert_false(test_exists("root/a/b/name"));
}

static void parent_of_a_plain_name_is_the_root(void **state) {
        test_needs(SYS_openat2);
        static const char *const paths[] = { "name", "/name", "../name", "./name" };
        struct stat a, b;

        assert_ok(stat("root", &b));
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                const char *name;
                _cleanup_fd_ int fd = rootpath_open_parent(root, paths[i], false, &name);

                assert_ok(fd);
                assert_ok(fstat(fd, &a));
                assert_int_equal(a.st_ino, b.st_ino);
                assert_string_equal(name, "name");
        }
}

static void path_without_a_last_name_has_no_parent(void **state) {
        test_needs(SYS_openat2);
        static const char *const paths[] = { "", "/", ".", "..", "a/", "a/.", "a/..", "/.." };
        const char *name;

        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                assert_int_equal(rootpath_open_parent(root, paths[i], true, &name), -EISDIR);
        assert_false(test_exists("root/a"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T_ROOT(paths_are_those_of_the_root),
                T_ROOT(dots_stop_at_the_root),
                T_ROOT(symlinks_are_resolved_inside),
                T_ROOT(symlinks_lead_nowhere_else),
                T_ROOT(magic_links_are_refused),
                T_ROOT(circles_of_symlinks_end),
                T_ROOT(nofollow_is_for_the_last_component),
                T_ROOT(creates_the_way_and_the_last),
                T_ROOT(creates_nothing_that_exists),
                T_ROOT(creation_goes_through_dangling_symlinks_inside),
                T_ROOT(creation_goes_up_and_down_inside),
                T_ROOT(creation_of_the_root_is_the_root),
                T_ROOT(too_long_names_and_paths_are_refused),
                T_ROOT(creation_leaks_no_descriptor),
                T_ROOT(parent_is_opened_for_the_last_component),
                T_ROOT(parent_of_a_plain_name_is_the_root),
                T_ROOT(path_without_a_last_name_has_no_parent),
        };

        return cmocka_run_group_tests_name("rootpath", tests, NULL, NULL);
}
