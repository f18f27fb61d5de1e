/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "apparmor-profile.h"
#include "file.h"
#include "test.h"

static const ApparmorTemplate small = { "profile @PROFILE@ {\n  change_profile -> :@NAMESPACE@:*,\n@KERNEL@@RULES@}\n", "  deny x,\n", "/f" };

static char *generate(const ApparmorTemplate *template, const char *name, const char *rules, const char *version) {
        char *text = NULL;

        assert_ok(apparmor_profile_generate(template, name, rules, version, &text));
        return text;
}

static void assert_refused(const ApparmorTemplate *template, const char *name, const char *rules, const char *version) {
        char *text = (char *) 1;

        assert_int_equal(apparmor_profile_generate(template, name, rules, version, &text), -EINVAL);
        assert_ptr_equal(text, (char *) 1);
}

static void template_is_filled_in(void **state) {
        _cleanup_free_ char *text = generate(&small, "web", NULL, NULL);

        assert_string_equal(text, "profile ctr-web {\n  change_profile -> :lxc-ctrd-web:*,\n  deny x,\n}\n");
}

static void rules_of_the_administrator_are_included(void **state) {
        _cleanup_free_ char *text = generate(&small, "web", "/etc/ctrd/apparmor.d/web", "1700000000.000000001-7-12");

        assert_non_null(strstr(text, "\n  include \"/etc/ctrd/apparmor.d/web\"\n}\n"));
        assert_non_null(strstr(text, "1700000000.000000001-7-12"));
}

static void changed_rules_change_the_text(void **state) {
        _cleanup_free_ char *a = generate(&small, "web", "/rules/web", "1"), *b = generate(&small, "web", "/rules/web", "2"),
                            *c = generate(&small, "web", "/rules/web", "1");

        assert_string_not_equal(a, b);
        assert_string_equal(a, c);
}

/* Names of containers cannot be like this; here it does not matter who has checked. */
static void names_that_mean_something_to_apparmor_are_refused(void **state) {
        static const char *const names[] = {
                "", "a b", "a\"b", "a{b}", "a*", "a//&:b:", "a}\nprofile x", "a,", "a#", "@{A}", "@KERNEL@", "a\\", "../a", "\xc3\xa9", "-a",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_refused(&small, names[i], NULL, NULL);
}

static void paths_that_mean_something_to_apparmor_are_refused(void **state) {
        static const char *const paths[] = { "", "/a b", "/a\"\n}", "/a*", "/{a,b}", "/a#", "/a\n", "/@{A}" };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                assert_refused(&small, "web", paths[i], "1");
                assert_refused(&small, "web", "/rules/web", paths[i]);
                assert_refused(&(ApparmorTemplate){ small.text, small.kernel, paths[i] }, "web", NULL, NULL);
        }
}

static void what_is_filled_in_is_not_looked_at_again(void **state) {
        _cleanup_free_ char *text = generate(&(ApparmorTemplate){ "@KERNEL@", "@PROFILE@", "/f" }, "web", NULL, NULL);

        assert_string_equal(text, "@PROFILE@");
}

static void variables_of_apparmor_are_left_alone(void **state) {
        _cleanup_free_ char *text = generate(&(ApparmorTemplate){ "@{VIEW}=/ @ @@ @PROFILE @{x}@", "", "/f" }, "web", NULL, NULL);

        assert_string_equal(text, "@{VIEW}=/ @ @@ @PROFILE @{x}@");
}

static void unknown_placeholders_are_refused(void **state) {
        assert_refused(&(ApparmorTemplate){ "@PROFILE@ @NONE@", "", "/f" }, "web", NULL, NULL);
        assert_refused(&(ApparmorTemplate){ "@PROFILES@", "", "/f" }, "web", NULL, NULL);
}

static void longest_name_fits(void **state) {
        char name[NAME_MAX_LENGTH + 1], label[APPARMOR_LABEL_MAX], expected[512];

        memset(name, 'n', NAME_MAX_LENGTH);
        name[NAME_MAX_LENGTH] = 0;
        apparmor_label(name, label);
        snprintf(expected, sizeof(expected), "ctr-%s//&:lxc-ctrd-%s:unconfined", name, name);
        assert_string_equal(label, expected);

        _cleanup_free_ char *text = generate(&small, name, NULL, NULL);
        assert_non_null(strstr(text, name));
}

static void only_generated_labels_are_stacked(void **state) {
        char label[APPARMOR_LABEL_MAX];

        apparmor_label("web", label);
        assert_true(apparmor_label_is_stacked(label));
        assert_false(apparmor_label_is_stacked("unconfined"));
        assert_false(apparmor_label_is_stacked("a//b"));
        assert_false(apparmor_label_is_stacked(NULL));
}

/* Those that are installed: all of a profile, nothing left to fill in, and what they
 * deny is there whoever they are for. */
static void templates_of_the_tree_are_good(void **state) {
        static const char *const names[] = { "container", "container-privileged" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *template = NULL, *kernel = NULL, *path = NULL;

                assert_true(asprintf(&path, TEST_PROFILES "/%s", names[i]) > 0);
                assert_ok(file_read(AT_FDCWD, path, 1 << 20, &template, NULL));
                assert_ok(file_read(AT_FDCWD, TEST_PROFILES "/kernel", 1 << 20, &kernel, NULL));
                _cleanup_free_ char *text = generate(&(ApparmorTemplate){ template, kernel, "/usr/lib/ctrd/apparmor/features" }, "web", NULL, NULL);

                assert_non_null(strstr(text, "\nprofile ctr-web flags=(attach_disconnected,mediate_deleted) {\n"));
                assert_non_null(strstr(text, "\nabi \"/usr/lib/ctrd/apparmor/features\",\n"));
                assert_non_null(strstr(text, "\":lxc-ctrd-web:*\""));
                assert_non_null(strstr(text, "deny @{VIEW}proc/sys/kernel/"));
                assert_true(endswith(text, "\n}\n"));
                /* without a user namespace mounting is not free */
                assert_int_equal(strstr(text, "\n  mount,\n") != NULL, i == 0);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(template_is_filled_in),
                T(rules_of_the_administrator_are_included),
                T(changed_rules_change_the_text),
                T(names_that_mean_something_to_apparmor_are_refused),
                T(paths_that_mean_something_to_apparmor_are_refused),
                T(what_is_filled_in_is_not_looked_at_again),
                T(variables_of_apparmor_are_left_alone),
                T(unknown_placeholders_are_refused),
                T(longest_name_fits),
                T(only_generated_labels_are_stacked),
                T(templates_of_the_tree_are_good),
        };

        return cmocka_run_group_tests_name("apparmor-profile", tests, NULL, NULL);
}
