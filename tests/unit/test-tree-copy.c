/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "test.h"
#include "tree-copy.h"

static int open_directory(const char *path) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

/* "from" becomes "to". */
static int copy(const TreeEdit *edits, size_t n_edits, Error *error) {
        _cleanup_fd_ int from = open_directory("from"), to = -EBADF, links = -EBADF;
        int r;

        assert_return_code(mkdir("to", 0700), errno);
        assert_return_code(mkdir("links", 0700), errno);
        to = open_directory("to");
        links = open_directory("links");
        r = tree_copy(from, to, &(TreeCopy){ .edits = edits, .n_edits = n_edits, .links = links }, error);
        assert_ok(file_remove_tree(AT_FDCWD, "links"));
        return r;
}

static void assert_same(const char *name) {
        char a[PATH_MAX], b[PATH_MAX];
        struct stat x, y;

        snprintf(a, sizeof(a), "from/%s", name);
        snprintf(b, sizeof(b), "to/%s", name);
        assert_return_code(lstat(a, &x), errno);
        assert_return_code(lstat(b, &y), errno);
        assert_int_equal(x.st_mode, y.st_mode);
        assert_int_equal(x.st_uid, y.st_uid);
        assert_int_equal(x.st_gid, y.st_gid);
        assert_int_equal(x.st_rdev, y.st_rdev);
        assert_int_equal(x.st_nlink, y.st_nlink);
        if (!S_ISDIR(x.st_mode))
                assert_int_equal(x.st_size, y.st_size);
        assert_int_equal(x.st_mtim.tv_sec, y.st_mtim.tv_sec);
        assert_int_equal(x.st_mtim.tv_nsec, y.st_mtim.tv_nsec);
}

static void set_owner(const char *path, uid_t uid, mode_t mode) {
        assert_return_code(lchown(path, uid, uid + 1), errno);
        assert_return_code(chmod(path, mode), errno);
}

static void set_time(const char *path) {
        struct timespec times[2] = { { 1000, 1 }, { 2000, 2 } };

        assert_return_code(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), errno);
}

static void setup_tree(void) {
        assert_return_code(mkdir("from", 0750), errno);
        assert_return_code(mkdir("from/d", 0700), errno);
        test_write("from/d/f", "text");
}

static void files_keep_owner_mode_and_times(void **state) {
        setup_tree();
        assert_return_code(symlink("/etc/passwd", "from/link"), errno);
        set_owner("from/d/f", 4711, 06755);
        set_owner("from/d", 5, 01777);
        assert_return_code(lchown("from/link", 7, 8), errno);
        set_time("from/d/f");
        set_time("from/link");
        set_time("from/d");
        set_time("from");

        assert_ok(copy(NULL, 0, NULL));
        assert_same("d/f");
        assert_same("d");
        assert_same("link");
        assert_same("");
        test_assert_content("to/d/f", "text");

        char target[64] = "";
        assert_true(readlink("to/link", target, sizeof(target)) > 0);
        assert_string_equal(target, "/etc/passwd");
}

static void nodes_are_made_again(void **state) {
        struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "from/socket" };
        _cleanup_fd_ int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        setup_tree();
        assert_return_code(mkfifo("from/fifo", 0640), errno);
        assert_return_code(bind(sock, (struct sockaddr *) &name, sizeof(name)), errno);
        assert_return_code(mknod("from/whiteout", S_IFCHR, makedev(0, 0)), errno);
        assert_ok(copy(NULL, 0, NULL));
        assert_same("fifo");
        assert_same("socket");
        assert_same("whiteout");
}

static void holes_stay_holes(void **state) {
        _cleanup_fd_ int fd = -EBADF;
        char data[6];
        struct stat st;

        setup_tree();
        fd = open("from/sparse", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, "middle", 6, 64 << 20), 6);
        assert_return_code(ftruncate(fd, 128 << 20), errno);
        test_write("from/empty", "");
        assert_ok(copy(NULL, 0, NULL));
        assert_same("sparse");
        assert_same("empty");
        assert_return_code(stat("to/sparse", &st), errno);
        assert_true(st.st_blocks * 512 < 1 << 20);
        fd_close(fd);
        fd = open("to/sparse", O_RDONLY | O_CLOEXEC);
        assert_int_equal(pread(fd, data, 6, 64 << 20), 6);
        assert_memory_equal(data, "middle", 6);
}

static void large_files_are_whole(void **state) {
        _cleanup_free_ char *data = malloc((5 << 20) + 17), *copied = NULL;
        size_t size = (5 << 20) + 17, n;

        setup_tree();
        for (size_t i = 0; i < size; i++)
                data[i] = (char) test_random();
        assert_ok(file_write_atomic(AT_FDCWD, "from/large", data, size, 0600));
        assert_ok(copy(NULL, 0, NULL));
        assert_ok(file_read(AT_FDCWD, "to/large", size + 1, &copied, &n));
        assert_int_equal(n, size);
        assert_memory_equal(data, copied, size);
}

static void links_stay_links(void **state) {
        struct stat a, b, c;

        setup_tree();
        assert_return_code(link("from/d/f", "from/again"), errno);
        assert_return_code(link("from/d/f", "from/d/more"), errno);
        assert_return_code(symlink("x", "from/s"), errno);
        assert_return_code(linkat(AT_FDCWD, "from/s", AT_FDCWD, "from/t", 0), errno);
        assert_ok(copy(NULL, 0, NULL));
        assert_return_code(stat("to/d/f", &a), errno);
        assert_return_code(stat("to/again", &b), errno);
        assert_return_code(stat("to/d/more", &c), errno);
        assert_true(a.st_ino == b.st_ino && b.st_ino == c.st_ino);
        assert_int_equal(a.st_nlink, 3);
        assert_return_code(lstat("to/s", &a), errno);
        assert_return_code(lstat("to/t", &b), errno);
        assert_true(a.st_ino == b.st_ino && a.st_nlink == 2);
}

static void set_attribute(const char *path, const char *name, const char *value) {
        if (lsetxattr(path, name, value, strlen(value), 0) < 0) {
                if (errno == EOPNOTSUPP || errno == EPERM)
                        skip();
                fail_msg("%s: %s", name, strerror(errno));
        }
}

static void assert_attribute(const char *path, const char *name, const char *value) {
        char now[256];
        ssize_t n = lgetxattr(path, name, now, sizeof(now));

        assert_int_equal(n, strlen(value));
        assert_memory_equal(now, value, strlen(value));
}

static void attributes_go_with_files(void **state) {
        /* u::rw- u:7:rwx g::r-- m::rwx o::---, as acl(5) has it on disk */
        static const char acl[] = { 2, 0, 0, 0, 1, 0, 6, 0, -1, -1, -1, -1, 2, 0, 7, 0, 7, 0, 0, 0, 4, 0, 4, 0, -1, -1, -1, -1,
                                    16, 0, 7, 0, -1, -1, -1, -1, 32, 0, 0, 0, -1, -1, -1, -1 };
        static const char capability[] = { 1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
        char now[256];

        setup_tree();
        assert_return_code(chown("from/d/f", 3, 4), errno);
        assert_return_code(symlink("x", "from/s"), errno);
        set_attribute("from/d", "trusted.overlay.opaque", "y");
        set_attribute("from/d/f", "trusted.one", "1");
        set_attribute("from/s", "trusted.two", "2");
        assert_return_code(setxattr("from/d/f", "security.capability", capability, sizeof(capability), 0), errno);
        if (setxattr("from/d/f", "system.posix_acl_access", acl, sizeof(acl), 0) < 0 ||
            setxattr("from/d", "system.posix_acl_default", acl, sizeof(acl), 0) < 0)
                skip();
        set_attribute("from/d", "user.word", "value");

        assert_ok(copy(NULL, 0, NULL));
        assert_attribute("to/d", "trusted.overlay.opaque", "y");
        assert_attribute("to/d/f", "trusted.one", "1");
        assert_attribute("to/s", "trusted.two", "2");
        assert_attribute("to/d", "user.word", "value");
        assert_int_equal(getxattr("to/d/f", "security.capability", now, sizeof(now)), sizeof(capability));
        assert_memory_equal(now, capability, sizeof(capability));
        assert_int_equal(getxattr("to/d/f", "system.posix_acl_access", now, sizeof(now)), sizeof(acl));
        assert_memory_equal(now, acl, sizeof(acl));
        assert_int_equal(getxattr("to/d", "system.posix_acl_default", now, sizeof(now)), sizeof(acl));
        /* What is in it was not made with that of the directory. */
        assert_same("d/f");
}

static void edits_change_what_they_know(void **state) {
        static const TreeEdit edits[] = {
                { "d/f", "text", "word" }, { "line", "text", "word" }, { "other", "text", "word" }, { "left", NULL, NULL },
                { "e/f", "text", "word" },
        };
        setup_tree();
        test_write("from/line", "text\n");
        test_write("from/other", "text and more");
        assert_return_code(mkdir("from/left", 0700), errno);
        test_write("from/left/f", "x");
        assert_return_code(mkdir("from/e", 0700), errno);
        assert_return_code(symlink("../other", "from/e/f"), errno);
        assert_ok(copy(edits, ELEMENTSOF(edits), NULL));
        test_assert_content("to/d/f", "word");
        test_assert_content("to/line", "word\n");
        test_assert_content("to/other", "text and more");
        assert_false(test_exists("to/left"));
        test_assert_content("from/d/f", "text");
}

static void any_depth_with_few_descriptors(void **state) {
        struct rlimit few = { 32, 32 }, before;
        uint64_t units = 0;
        int depth = 3000;

        assert_return_code(getrlimit(RLIMIT_NOFILE, &before), errno);
        few.rlim_max = before.rlim_max;
        assert_return_code(mkdir("from", 0700), errno);
        _cleanup_fd_ int fd = open_directory("from"), top = open_directory("from");
        for (int i = 0; i < depth; i++) {
                assert_return_code(mkdirat(fd, "directory", 0700), errno);
                int below = openat(fd, "directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(below >= 0);
                fd_close(fd);
                fd = below;
        }
        assert_return_code(mkdirat(fd, "last", 0751), errno);
        assert_return_code(setrlimit(RLIMIT_NOFILE, &few), errno);
        assert_ok(copy(NULL, 0, NULL));
        assert_ok(tree_measure(top, &units, NULL));
        assert_return_code(setrlimit(RLIMIT_NOFILE, &before), errno);
        assert_true(units >= (uint64_t) depth);
        fd_close(fd);
        fd = open_directory("to");
        for (int i = 0; i < depth; i++) {
                int below = openat(fd, "directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(below >= 0);
                fd_close(fd);
                fd = below;
        }
        struct stat st;
        assert_return_code(fstatat(fd, "last", &st, 0), errno);
        assert_int_equal(st.st_mode & 0777, 0751);
}

static void what_is_mounted_is_not_entered(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;

        setup_tree();
        assert_return_code(mount("none", "from/d", "tmpfs", 0, ""), errno);
        int r = copy(NULL, 0, &e);
        assert_return_code(umount("from/d"), errno);
        assert_int_equal(r, -EXDEV);
        test_assert_error(&e, EXDEV, NULL, "/d:");
}

/* Numbers of files are those of a file system. */
static void links_of_one_tree_are_none_of_another(void **state) {
        static const char *const trees[] = { "one", "two" };
        _cleanup_fd_ int links = -EBADF;

        assert_return_code(mkdir("links", 0700), errno);
        links = open_directory("links");
        for (size_t i = 0; i < 2; i++) {
                char name[32], again[32], target[32];
                struct stat st;

                snprintf(name, sizeof(name), "%s/f", trees[i]);
                snprintf(again, sizeof(again), "%s/g", trees[i]);
                snprintf(target, sizeof(target), "to-%s", trees[i]);
                assert_return_code(mkdir(trees[i], 0700), errno);
                assert_return_code(mkdir(target, 0700), errno);
                assert_return_code(mount("none", trees[i], "tmpfs", 0, ""), errno);
                test_write(name, trees[i]);
                assert_return_code(link(name, again), errno);
                _cleanup_fd_ int from = open_directory(trees[i]), to = open_directory(target);
                assert_ok(tree_copy(from, to, &(TreeCopy){ .links = links }, NULL));
                snprintf(name, sizeof(name), "%s/f", target);
                test_assert_content(name, trees[i]);
                assert_return_code(stat(name, &st), errno);
                assert_int_equal(st.st_nlink, 3); /* and the one in the table */
        }
        for (size_t i = 0; i < 2; i++)
                assert_return_code(umount(trees[i]), errno);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T_DIR(files_keep_owner_mode_and_times),
                T_DIR(nodes_are_made_again),
                T_DIR(holes_stay_holes),
                T_DIR(large_files_are_whole),
                T_DIR(links_stay_links),
                T_DIR(attributes_go_with_files),
                T_DIR(edits_change_what_they_know),
                T_DIR(any_depth_with_few_descriptors),
                T_DIR(what_is_mounted_is_not_entered),
                T_DIR(links_of_one_tree_are_none_of_another),
        };

        if (getuid() != 0 || !test_private_mounts()) {
                printf("1..0 # SKIP only root may give files away and mount\n");
                return 0;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
