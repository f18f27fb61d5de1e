/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <sys/wait.h>

#include "cgroup.h"
#include "cgroup-events.h"
#include "cgroup-processes.h"
#include "freezer.h"
#include "test.h"

#define LONG (30 * USEC_PER_SEC)

/* A group with a process, and one below it with another. */
typedef struct Tree {
        Loop loop;
        char path[64], below[80];
        int group, child_group;
        pid_t pids[2];
        int outcome; /* of the freezer; 1: not told */
} Tree;

static pid_t spawn_in(int group) {
        pid_t pid = fork();

        if (pid == 0)
                for (;;)
                        pause();
        assert_ok(cgroup_attach(group, pid));
        return pid;
}

static int tree_setup(void **state) {
        static Tree tree;
        Tree *t = &tree;

        *t = (Tree){ .group = -EBADF, .child_group = -EBADF, .outcome = 1 };
        *state = t;
        if (test_on_valgrind() || geteuid() != 0)
                return 0;
        snprintf(t->path, sizeof(t->path), "/ctrd-test-freezer-%d", (int) getpid());
        snprintf(t->below, sizeof(t->below), "%s/below", t->path);
        t->group = cgroup_create(t->path, NULL);
        if (t->group < 0)
                return 0;
        t->child_group = cgroup_create(t->below, NULL);
        assert_ok(t->child_group);
        assert_ok(loop_open(&t->loop));
        t->pids[0] = spawn_in(t->group);
        t->pids[1] = spawn_in(t->child_group);
        return 0;
}

static int tree_teardown(void **state) {
        Tree *t = *state;

        if (t->group < 0)
                return 0;
        (void) cgroup_kill(t->group);
        for (size_t i = 0; i < ELEMENTSOF(t->pids); i++)
                if (t->pids[i] > 0)
                        waitpid(t->pids[i], NULL, 0);
        assert_ok(cgroup_wait_empty(t->group, LONG));
        fd_close(t->child_group);
        fd_close(t->group);
        loop_close(&t->loop);
        return cgroup_remove(t->path);
}

static Tree *tree_of(void **state) {
        Tree *t = *state;

        if (t->group < 0)
                skip(); /* no root, or no control groups */
        return t;
}

static void told(void *userdata, int r) {
        Tree *t = userdata;

        t->outcome = r;
        loop_end(&t->loop);
}

static int freeze(Tree *t, Freezer *freezer, uint64_t timeout) {
        t->outcome = 1;
        t->loop.done = false;
        return freezer_freeze(freezer, &t->loop, t->group, timeout, told, t);
}

static void all_below_is_frozen_and_thawed(void **state) {
        Tree *t = tree_of(state);
        Freezer freezer = FREEZER_INIT;
        size_t before = test_count_fds();

        assert_int_equal(freezer_thaw(&freezer), 0);
        for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(freeze(t, &freezer, LONG), 0);
                assert_int_equal(freezer.state, FREEZER_FREEZING);
                assert_int_equal(freeze(t, &freezer, LONG), -EBUSY);
                assert_int_equal(t->outcome, 1);
                assert_ok(loop_run(&t->loop));
                assert_int_equal(t->outcome, 0);
                assert_int_equal(freezer.state, FREEZER_FROZEN);
                assert_int_equal(cgroup_is_frozen(t->group), 1);
                assert_int_equal(cgroup_is_frozen(t->child_group), 1);
                assert_int_equal(cgroup_find_thawed(t->group), -ENOENT);

                assert_int_equal(freezer_thaw(&freezer), 0);
                assert_int_equal(freezer.state, FREEZER_THAWED);
                assert_int_equal(cgroup_is_frozen(t->group), 0);
        }
        assert_int_equal(test_count_fds(), before);
}

static void a_group_below_that_is_not_frozen_is_found(void **state) {
        Tree *t = tree_of(state);
        _cleanup_fd_ int found = cgroup_find_thawed(t->group);
        struct stat a, b;

        assert_ok(found);
        assert_ok(fstat(found, &a));
        assert_ok(fstat(t->child_group, &b));
        assert_true(a.st_ino == b.st_ino);
}

static void a_thaw_ends_a_freeze_without_a_word(void **state) {
        Tree *t = tree_of(state);
        Freezer freezer = FREEZER_INIT;
        size_t before = test_count_fds();

        assert_int_equal(freeze(t, &freezer, LONG), 0);
        assert_int_equal(freezer_thaw(&freezer), 0);
        assert_int_equal(t->outcome, 1);
        assert_int_equal(cgroup_is_frozen(t->group), 0);
        assert_int_equal(test_count_fds(), before);
}

static void who_is_killed_meanwhile_was_not_frozen(void **state) {
        Tree *t = tree_of(state);
        Freezer freezer = FREEZER_INIT;

        assert_int_equal(freeze(t, &freezer, LONG), 0);
        assert_ok(cgroup_kill(t->group));
        assert_ok(cgroup_wait_empty(t->group, LONG));
        assert_ok(loop_run(&t->loop));
        assert_int_equal(t->outcome, -ESRCH);
        assert_int_equal(freezer.state, FREEZER_THAWED);
}

static void what_is_no_group_is_not_frozen(void **state) {
        _cleanup_fd_ int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Freezer freezer = FREEZER_INIT;
        Loop loop;

        assert_ok(loop_open(&loop));
        assert_int_equal(freezer_freeze(&freezer, &loop, fd, LONG, told, NULL), -EOPNOTSUPP);
        assert_int_equal(freezer.state, FREEZER_THAWED);
        loop_close(&loop);
}

int main(void) {
#define T_TREE(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
        const struct CMUnitTest tests[] = {
                T_TREE(all_below_is_frozen_and_thawed),
                T_TREE(a_group_below_that_is_not_frozen_is_found),
                T_TREE(a_thaw_ends_a_freeze_without_a_word),
                T_TREE(who_is_killed_meanwhile_was_not_frozen),
                T_DIR(what_is_no_group_is_not_frozen),
        };

        return cmocka_run_group_tests_name("freezer", tests, NULL, NULL);
}
