/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "socket.h"
#include "strv.h"
#include "test.h"

static size_t count_entries(const char *path) {
        DIR *dir = opendir(path);
        size_t n = 0;

        assert_non_null(dir);
        while (readdir(dir))
                n++;
        closedir(dir);
        return n - 2;
}

static void read_gives_size_and_bytes(void **state) {
        _cleanup_free_ char *data = NULL;
        size_t n;

        test_write("f", "hello\n");
        assert_ok(file_read(AT_FDCWD, "f", 6, &data, &n));
        assert_int_equal(n, 6);
        assert_string_equal(data, "hello\n");
}

static void read_refuses_what_is_too_large(void **state) {
        char *data = NULL;

        test_write("f", "hello\n");
        assert_int_equal(file_read(AT_FDCWD, "f", 5, &data, NULL), -E2BIG);
        assert_null(data);
}

static void read_of_a_missing_file_is_enoent(void **state) {
        char *data = NULL;

        assert_int_equal(file_read(AT_FDCWD, "f", 5, &data, NULL), -ENOENT);
        assert_null(data);
}

static void read_of_what_is_no_file_waits_for_nobody(void **state) {
        char *data = NULL;

        assert_return_code(mkfifo("fifo", 0600), errno);
        assert_return_code(symlink("fifo", "link"), errno);
        assert_return_code(mkdir("d", 0700), errno);
        assert_int_equal(file_read_regular(AT_FDCWD, "fifo", 5, &data, NULL), -EBADF);
        assert_int_equal(file_read_regular(AT_FDCWD, "link", 5, &data, NULL), -EBADF);
        assert_int_equal(file_read_regular(AT_FDCWD, "d", 5, &data, NULL), -EBADF);
        assert_int_equal(file_read_regular(AT_FDCWD, "/dev/zero", 5, &data, NULL), -EBADF);
        assert_int_equal(file_read_regular(AT_FDCWD, "none", 5, &data, NULL), -ENOENT);
        assert_null(data);
        test_write("f", "hello\n");
        assert_ok(file_read_regular(AT_FDCWD, "f", 6, &data, NULL));
        assert_string_equal(data, "hello\n");
        free(data);
}

static void read_line_ends_at_the_first_newline(void **state) {
        static const struct {
                const char *text, *line;
        } cases[] = { { "one\ntwo\n", "one" }, { "one", "one" }, { "", "" }, { "\ntwo", "" }, { "a b \n", "a b " } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *line = NULL;

                test_write("f", cases[i].text);
                assert_ok(file_read_line(AT_FDCWD, "f", &line));
                assert_string_equal(line, cases[i].line);
        }
}

static void write_makes_no_file(void **state) {
        assert_int_equal(file_write(AT_FDCWD, "f", "x"), -ENOENT);
        assert_false(test_exists("f"));
}

static void write_is_relative_to_the_directory(void **state) {
        assert_ok(mkdir("d", 0700));
        test_write("d/f", "old");
        _cleanup_fd_ int d = open("d", O_PATH | O_DIRECTORY | O_CLOEXEC);

        assert_ok(file_write(d, "f", "new"));
        test_assert_content("d/f", "new");
}

static void atomic_write_has_the_mode_whatever_the_umask(void **state) {
        struct stat st;
        mode_t old = umask(0777);
        int r = file_write_atomic(AT_FDCWD, "f", "x", 1, 0644);

        umask(old);
        assert_ok(r);
        assert_ok(stat("f", &st));
        assert_int_equal(st.st_mode & 07777, 0644);
}

static void atomic_write_leaves_only_the_file(void **state) {
        test_write("f", "a much longer old content");
        assert_ok(file_write_atomic(AT_FDCWD, "f", "new", 3, 0600));
        test_assert_content("f", "new");
        assert_int_equal(count_entries("."), 1);
}

static void atomic_write_replaces_a_symlink_and_not_its_target(void **state) {
        struct stat st;

        test_write("target", "precious");
        assert_ok(symlink("target", "f"));
        assert_ok(file_write_atomic(AT_FDCWD, "f", "new", 3, 0600));
        assert_ok(lstat("f", &st));
        assert_true(S_ISREG(st.st_mode));
        test_assert_content("target", "precious");
}

static void atomic_write_is_not_fooled_by_its_temporary_name(void **state) {
        char temporary[64];

        snprintf(temporary, sizeof(temporary), "f.%d~", (int) getpid());
        test_write("victim", "precious");
        assert_ok(symlink("victim", temporary));
        assert_ok(file_write_atomic(AT_FDCWD, "f", "new", 3, 0600));
        test_assert_content("f", "new");
        test_assert_content("victim", "precious");
        assert_false(test_exists(temporary));
}

static void temporaries_are_told_from_other_files(void **state) {
        static const char *const kept[] = { "d/web.conf", "d/web.conf~", "d/web.conf.12", "d/web.12x~", "d/.12~", "d/web.~", "d/12~" };

        assert_ok(mkdir("d", 0700));
        assert_ok(mkdir("d/dir.12~", 0700));
        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                assert_ok(file_write_atomic(AT_FDCWD, kept[i], "x", 1, 0600));
        assert_ok(file_write_atomic(AT_FDCWD, "d/web.conf.4175~", "x", 1, 0600));
        assert_ok(file_write_atomic(AT_FDCWD, "d/.identity.json.1~", "x", 1, 0600));
        assert_ok(file_remove_temporaries("d"));
        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                assert_ok(access(kept[i], F_OK));
        assert_int_equal(access("d/web.conf.4175~", F_OK), -1);
        assert_int_equal(access("d/.identity.json.1~", F_OK), -1);
        assert_int_equal(file_remove_temporaries("missing"), -ENOENT);
}

static void atomic_write_cannot_replace_a_directory(void **state) {
        assert_ok(mkdir("d", 0700));
        assert_int_equal(file_write_atomic(AT_FDCWD, "d", "x", 1, 0600), -EISDIR);
        assert_int_equal(count_entries("."), 1);
        assert_true(test_exists("d"));
}

static void atomic_write_into_no_directory_is_enoent(void **state) {
        assert_int_equal(file_write_atomic(AT_FDCWD, "none/f", "x", 1, 0600), -ENOENT);
}

static void atomic_write_with_too_long_a_name_keeps_the_old_file(void **state) {
        char name[NAME_MAX + 1];

        memset(name, 'n', NAME_MAX);
        name[NAME_MAX] = 0;
        test_write(name, "old");
        assert_int_equal(file_write_atomic(AT_FDCWD, name, "new", 3, 0600), -ENAMETOOLONG);
        test_assert_content(name, "old");
        assert_int_equal(count_entries("."), 1);
}

static void atomic_write_that_fails_midway_keeps_the_old_file(void **state) {
        struct rlimit old, limit;
        char data[8192] = {};
        int r;

        test_write("f", "old");
        assert_ok(getrlimit(RLIMIT_FSIZE, &old));
        limit = old;
        limit.rlim_cur = 4096;
        signal(SIGXFSZ, SIG_IGN);
        assert_ok(setrlimit(RLIMIT_FSIZE, &limit));
        r = file_write_atomic(AT_FDCWD, "f", data, sizeof(data), 0600);
        assert_ok(setrlimit(RLIMIT_FSIZE, &old));
        assert_int_equal(r, -EFBIG);
        test_assert_content("f", "old");
        assert_int_equal(count_entries("."), 1);
}

static void atomic_write_in_an_unwritable_directory_keeps_the_old_file(void **state) {
        int status;

        assert_ok(mkdir("d", 0755));
        test_write("d/f", "old");
        assert_ok(chmod("d", 0555));
        assert_ok(chmod(".", 0755));
        pid_t pid = fork();
        assert_ok(pid);
        if (pid == 0) {
                if (getuid() == 0 && setresuid(65534, 65534, 65534) < 0)
                        _exit(99);
                _exit(-file_write_atomic(AT_FDCWD, "d/f", "new", 3, 0600));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), EACCES);
        test_assert_content("d/f", "old");
        assert_int_equal(count_entries("d"), 1);
        assert_ok(chmod("d", 0755));
}

static void mkdir_parents_makes_the_whole_way(void **state) {
        struct stat st;
        mode_t old = umask(022);

        assert_ok(file_mkdir_parents("a//b/./c/", 0711));
        umask(old);
        assert_ok(stat("a/b/c", &st));
        assert_true(S_ISDIR(st.st_mode));
        assert_int_equal(st.st_mode & 07777, 0711);
        assert_ok(stat("a", &st));
        assert_int_equal(st.st_mode & 07777, 0711);
}

static void mkdir_parents_leaves_what_exists(void **state) {
        struct stat st;

        assert_ok(mkdir("a", 0700));
        assert_ok(file_mkdir_parents("a/b", 0755));
        assert_ok(file_mkdir_parents("a/b", 0700));
        assert_ok(stat("a", &st));
        assert_int_equal(st.st_mode & 07777, 0700);
        assert_ok(file_mkdir_parents("/", 0755));
}

static void mkdir_parents_stops_at_a_file(void **state) {
        test_write("f", "");
        assert_int_equal(file_mkdir_parents("f", 0755), -ENOTDIR);
        assert_int_equal(file_mkdir_parents("f/d", 0755), -ENOTDIR);
}

static void mkdir_parents_refuses_odd_lengths(void **state) {
        char path[PATH_MAX + 1];

        memset(path, 'p', PATH_MAX);
        path[PATH_MAX] = 0;
        assert_int_equal(file_mkdir_parents("", 0755), -EINVAL);
        assert_int_equal(file_mkdir_parents(path, 0755), -ENAMETOOLONG);
        assert_int_equal(count_entries("."), 0);
}

static void remove_of_nothing_is_no_error(void **state) {
        assert_int_equal(file_remove_tree(AT_FDCWD, "none"), 0);
        assert_int_equal(file_remove_tree(AT_FDCWD, "none/at/all"), 0);
}

static void remove_takes_every_kind_of_file(void **state) {
        size_t before = test_count_fds();

        assert_ok(file_mkdir_parents("t/d/e/f", 0755));
        test_write("t/file", "x");
        test_write("t/d/ odd\n name", "x");
        assert_ok(mkfifo("t/d/fifo", 0600));
        assert_ok(symlink("nowhere", "t/d/e/dangling"));
        _cleanup_fd_ int fd = socket_listen("t/socket", SOCK_STREAM, 0600);
        assert_ok(fd);
        assert_ok(chmod("t/d/e", 0700));
        assert_ok(file_remove_tree(AT_FDCWD, "t"));
        assert_int_equal(count_entries("."), 0);
        assert_int_equal(test_count_fds(), before + 1);

        test_write("single", "x");
        assert_ok(file_remove_tree(AT_FDCWD, "single"));
        assert_int_equal(count_entries("."), 0);
}

static void remove_never_follows_a_symlink(void **state) {
        assert_ok(file_mkdir_parents("keep/d", 0755));
        test_write("keep/f", "precious");
        assert_ok(mkdir("t", 0755));
        assert_ok(symlink("../keep", "t/relative"));
        char *absolute = NULL;
        assert_ok(asprintf(&absolute, "%s/keep", (char *) *state));
        assert_ok(symlink(absolute, "t/absolute"));
        assert_ok(symlink(absolute, "link"));
        free(absolute);

        assert_ok(file_remove_tree(AT_FDCWD, "t"));
        assert_ok(file_remove_tree(AT_FDCWD, "link"));
        assert_false(test_exists("t"));
        assert_false(test_exists("link"));
        assert_true(test_exists("keep/d"));
        test_assert_content("keep/f", "precious");
}

static void remove_is_relative_to_the_directory(void **state) {
        assert_ok(file_mkdir_parents("a/t/x", 0755));
        assert_ok(file_mkdir_parents("t", 0755));
        _cleanup_fd_ int a = open("a", O_PATH | O_DIRECTORY | O_CLOEXEC);

        assert_ok(file_remove_tree(a, "t"));
        assert_false(test_exists("a/t"));
        assert_true(test_exists("t"));
}

static void remove_does_not_enter_another_file_system(void **state) {
        if (!test_private_mounts())
                skip();
        assert_ok(file_mkdir_parents("t/mnt", 0755));
        test_write("t/sibling", "x");
        assert_ok(mount("tmpfs", "t/mnt", "tmpfs", 0, NULL));
        test_write("t/mnt/f", "precious");

        int r = file_remove_tree(AT_FDCWD, "t");
        bool kept = test_exists("t/mnt/f");
        assert_ok(umount2("t/mnt", MNT_DETACH));
        assert_int_equal(r, -EXDEV);
        assert_true(kept);
        assert_false(test_exists("t/sibling"));
}

/* A bind mount has the device number of what lies around it. */
static void remove_does_not_enter_a_bind_mount(void **state) {
        if (!test_private_mounts())
                skip();
        assert_ok(file_mkdir_parents("t/mnt", 0755));
        assert_ok(mkdir("keep", 0755));
        test_write("keep/f", "precious");
        assert_ok(mount("keep", "t/mnt", "none", MS_BIND, ""));

        int r = file_remove_tree(AT_FDCWD, "t");
        bool kept = test_exists("keep/f");
        assert_ok(umount2("t/mnt", MNT_DETACH));
        assert_int_equal(r, -EXDEV);
        assert_true(kept);
}

static void remove_of_a_mount_point_removes_nothing(void **state) {
        if (!test_private_mounts())
                skip();
        assert_ok(mkdir("t", 0755));
        assert_ok(mkdir("keep", 0755));
        test_write("keep/f", "precious");
        assert_ok(mount("keep", "t", "none", MS_BIND, ""));

        int r = file_remove_tree(AT_FDCWD, "t");
        bool kept = test_exists("keep/f");
        assert_ok(umount2("t", MNT_DETACH));
        assert_true(r < 0);
        assert_true(kept);
}

/* A container can make such a tree, and must not become one that nobody can
 * remove. */
static void remove_goes_to_any_depth_with_few_descriptors(void **state) {
        struct rlimit old, limit;
        int r, fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

        for (unsigned i = 0; i < 1500; i++) {
                assert_ok(mkdirat(fd, "d", 0755));
                if (i % 100 == 0)
                        assert_ok(mkdirat(fd, "e", 0755));
                int next = openat(fd, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
                assert_ok(next);
                fd_close(fd);
                fd = next;
        }
        fd_close(fd);

        assert_ok(getrlimit(RLIMIT_NOFILE, &old));
        limit = old;
        limit.rlim_cur = 160;
        assert_ok(setrlimit(RLIMIT_NOFILE, &limit));
        r = file_remove_tree(AT_FDCWD, "d");
        assert_ok(setrlimit(RLIMIT_NOFILE, &old));
        assert_int_equal(r, 0);
        assert_false(test_exists("d"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T_DIR(read_gives_size_and_bytes),
                T_DIR(read_refuses_what_is_too_large),
                T_DIR(read_of_a_missing_file_is_enoent),
                T_DIR(read_of_what_is_no_file_waits_for_nobody),
                T_DIR(read_line_ends_at_the_first_newline),
                T_DIR(write_makes_no_file),
                T_DIR(write_is_relative_to_the_directory),
                T_DIR(atomic_write_has_the_mode_whatever_the_umask),
                T_DIR(atomic_write_leaves_only_the_file),
                T_DIR(atomic_write_replaces_a_symlink_and_not_its_target),
                T_DIR(atomic_write_is_not_fooled_by_its_temporary_name),
                T_DIR(temporaries_are_told_from_other_files),
                T_DIR(atomic_write_cannot_replace_a_directory),
                T_DIR(atomic_write_into_no_directory_is_enoent),
                T_DIR(atomic_write_with_too_long_a_name_keeps_the_old_file),
                T_DIR(atomic_write_that_fails_midway_keeps_the_old_file),
                T_DIR(atomic_write_in_an_unwritable_directory_keeps_the_old_file),
                T_DIR(mkdir_parents_makes_the_whole_way),
                T_DIR(mkdir_parents_leaves_what_exists),
                T_DIR(mkdir_parents_stops_at_a_file),
                T_DIR(mkdir_parents_refuses_odd_lengths),
                T_DIR(remove_of_nothing_is_no_error),
                T_DIR(remove_takes_every_kind_of_file),
                T_DIR(remove_never_follows_a_symlink),
                T_DIR(remove_is_relative_to_the_directory),
                T_DIR(remove_does_not_enter_another_file_system),
                T_DIR(remove_does_not_enter_a_bind_mount),
                T_DIR(remove_of_a_mount_point_removes_nothing),
                T_DIR(remove_goes_to_any_depth_with_few_descriptors),
        };

        return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
