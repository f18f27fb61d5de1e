/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"
#include "rdt.h"
#include "test.h"

/* Plain files in the place of resctrl: groups that are there, as the kernel makes
 * their files when one is made. */
static int make_root(char path[static 64]) {
        strcpy(path, "/tmp/test-rdt.XXXXXX");
        assert_non_null(mkdtemp(path));
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static void make_group(int root, const char *name, const char *schemata) {
        _cleanup_fd_ int fd = -EBADF;

        assert_int_equal(mkdirat(root, name, 0755), 0);
        fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(file_write_atomic(fd, "schemata", schemata, strlen(schemata), 0644), 0);
        assert_int_equal(file_write_atomic(fd, "tasks", "", 0, 0644), 0);
}

static int join(int root, const ConfigRdt *rdt, char **made, const char *why) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r = rdt_join(root, rdt, "box", 77, made, &error);

        if (why && !strstr(error_message(&error), why))
                print_error("%s\n", error_message(&error));
        assert_true(!why || strstr(error_message(&error), why));
        return r;
}

static void a_group_that_is_there(void **state) {
        char path[64], *made = NULL;
        _cleanup_fd_ int root = make_root(path);
        _cleanup_free_ char *tasks = NULL;

        make_group(root, "gold", "    L3:0=ff;1=f0\n    MB:0=20;1=70\n");
        assert_int_equal(join(root, &(ConfigRdt){ .group = "gold" }, &made, NULL), 0);
        assert_null(made);
        assert_int_equal(file_read(root, "gold/tasks", 100, &tasks, NULL), 0);
        assert_string_equal(tasks, "77");

        assert_int_equal(join(root, &(ConfigRdt){ .group = "gold", .l3 = "L3:0=ff;1=f0", .bandwidth = "MB:0=20;1=70" }, &made,
                              NULL), 0);
        assert_int_equal(join(root, &(ConfigRdt){ .group = "gold", .schemata = "MB:0=20;1=70\nL3:0=ff;1=f0\n" }, &made, NULL), 0);
        /* Bandwidth in l3CacheSchema does not count beside memBwSchema. */
        assert_int_equal(join(root, &(ConfigRdt){ .group = "gold", .l3 = "MB:0=99\nL3:0=ff;1=f0", .bandwidth = "MB:0=20;1=70" },
                              &made, NULL), 0);
        assert_int_equal(join(root, &(ConfigRdt){ .group = "gold", .l3 = "MB:0=99\nL3:0=ff;1=f0" }, &made, "another schemata"),
                         -EINVAL);
        assert_int_equal(join(root, &(ConfigRdt){ .group = "gold", .schemata = "L3:0=f" }, &made, "another schemata"), -EINVAL);
        assert_null(made);
        assert_int_equal(file_remove_tree(AT_FDCWD, path), 0);
}

static void groups_that_cannot_be(void **state) {
        char path[64], *made = NULL;
        _cleanup_fd_ int root = make_root(path);

        /* Without a schema it has to be there. */
        assert_int_equal(join(root, &(ConfigRdt){ .group = "iron" }, &made, "opening iron"), -ENOENT);
        /* The container's own must not. */
        make_group(root, "box", "L3:0=f\n");
        assert_int_equal(join(root, &(ConfigRdt){}, &made, "there is a group box already"), -EEXIST);
        /* What was made for a join that failed is gone again (plain directories have no schemata). */
        assert_int_equal(join(root, &(ConfigRdt){ .group = "tin", .l3 = "L3:0=f" }, &made, "writing the schemata"), -ENOENT);
        assert_int_equal(faccessat(root, "tin", F_OK, 0), -1);
        assert_null(made);
        assert_int_equal(file_remove_tree(AT_FDCWD, path), 0);
}

static void monitoring(void **state) {
        char path[64], *made = NULL;
        _cleanup_fd_ int root = make_root(path);

        make_group(root, "gold", "L3:0=f\n");
        assert_int_equal(mkdirat(root, "gold/mon_groups", 0755), 0);
        assert_int_equal(join(root, &(ConfigRdt){ .group = "gold", .monitor = true }, &made, "joining gold/mon_groups/box"), -ENOENT);
        assert_int_equal(faccessat(root, "gold/mon_groups/box", F_OK, 0), -1);
        assert_int_equal(file_remove_tree(AT_FDCWD, path), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(a_group_that_is_there),
                T(groups_that_cannot_be),
                T(monitoring),
        };

        return cmocka_run_group_tests_name("rdt", tests, NULL, NULL);
}
