/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "process-tree.h"

#define UNIT "ctr-web.scope"
#define SCOPE "/machine.slice/" UNIT

static void add(ProcessTree *t, const char *path, uint32_t pid, const char *command) {
        assert_int_equal(process_tree_add(t, UNIT, path, pid, command), 0);
}

static void check(ProcessTree *t, size_t max, const char *expected) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        process_tree_sort(t);
        process_tree_print(t, f, 1, max);
        fclose(f);
        assert_string_equal(text, expected);
        free(text);
        process_tree_clear(t);
}

static void test_groups_and_processes_in_order(void **state) {
        ProcessTree t = {};

        add(&t, SCOPE "/payload/system.slice/b.service", 30, "/usr/bin/b");
        add(&t, SCOPE "/payload/system.slice/a.service", 120, "/usr/bin/a --second");
        add(&t, SCOPE "/payload/system.slice/a.service", 20, "/usr/bin/a");
        add(&t, SCOPE "/payload/init.scope", 10, "/sbin/init");
        add(&t, SCOPE "/monitor", 9, "ctr-monitor");
        /* a name that begins with another's, and one that sorts before the slash */
        add(&t, SCOPE "/payload/system.slice-more", 40, "c");
        add(&t, SCOPE "/payload", 50, "d");
        check(&t, 100,
              " ├─monitor\n"
              " │ └─9 ctr-monitor\n"
              " └─payload\n"
              "   ├─50 d\n"
              "   ├─init.scope\n"
              "   │ └─10 /sbin/init\n"
              "   ├─system.slice\n"
              "   │ ├─a.service\n"
              "   │ │ ├─20 /usr/bin/a\n"
              "   │ │ └─120 /usr/bin/a --second\n"
              "   │ └─b.service\n"
              "   │   └─30 /usr/bin/b\n"
              "   └─system.slice-more\n"
              "     └─40 c\n");
}

static void test_not_more_than_asked_for(void **state) {
        ProcessTree t = {};

        for (uint32_t i = 1; i <= 5; i++)
                add(&t, SCOPE "/payload", i, "p");
        check(&t, 2, " └─payload\n   ├─1 p\n   └─2 p\n … and 3 more\n");
        check(&t, 2, "");
}

static void test_what_a_container_calls_its_own(void **state) {
        ProcessTree t = {};

        add(&t, SCOPE "/payload/\033[2J" UNIT "/x", 1, "\033]0;evil\a\n\xff");
        add(&t, SCOPE "/payload/" UNIT "/x", 2, "");
        check(&t, 10,
              " └─payload\n"
              "   ├─?[2J" UNIT "\n"
              "   │ └─x\n"
              "   │   └─1 ?]0;evil? ?\n"
              "   └─" UNIT "\n"
              "     └─x\n"
              "       └─2 \n");
}

static void test_groups_as_deep_as_they_like(void **state) {
        char path[4096] = SCOPE "/payload", *text = NULL;
        ProcessTree t = {};
        size_t size, lines = 0;
        FILE *f = open_memstream(&text, &size);

        for (unsigned i = 0; i < 500; i++)
                strcat(path, "/deep");
        add(&t, path, 7, "p");
        strcat(path, "/er");
        add(&t, path, 8, "q");
        process_tree_sort(&t);
        process_tree_print(&t, f, 0, 10);
        fclose(f);
        for (const char *p = text; (p = strchr(p, '\n')); p++)
                lines++;
        assert_int_equal(lines, 16 + 2);
        assert_non_null(strstr(text, "├─7 p\n"));
        assert_non_null(strstr(text, "└─8 q\n"));
        free(text);
        process_tree_clear(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_groups_and_processes_in_order),
                cmocka_unit_test(test_not_more_than_asked_for),
                cmocka_unit_test(test_what_a_container_calls_its_own),
                cmocka_unit_test(test_groups_as_deep_as_they_like),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
