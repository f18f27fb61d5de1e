/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "container.h"
#include "manager.h"
#include "owner.h"
#include "strv.h"

static void what_is_not_listed_is_not_theirs(void **state) {
        static const char *const theirs[] = { "inspect", "start", "stop", "exec", "shell", "set-settings" };
        static const char *const not_theirs[] = { "", "remove", "create", "attach", "detach", "get-settings-text", "reload", "cancel",
                                                  "diagnose", "remove-image", "Start", "start ", "st" };

        for (size_t i = 0; i < ELEMENTSOF(theirs); i++)
                assert_true(owner_may(theirs[i]));
        for (size_t i = 0; i < ELEMENTSOF(not_theirs); i++)
                assert_false(owner_may(not_theirs[i]));
}

static void only_harmless_keys_are_theirs(void **state) {
        static const char *const theirs[] = { "Description", "Restart", "Command", "Environment", "Hostname", "StopSignal", "NotifyReady" };
        size_t n = 0;

        for (size_t i = 0; i < settings_keys(); i++)
                n += settings_key(i).owners;
        assert_int_equal(n, ELEMENTSOF(theirs));
        for (size_t i = 0; i < ELEMENTSOF(theirs); i++)
                assert_true(settings_are_owners(theirs[i]));
        assert_false(settings_are_owners("NoSuchKey"));
        assert_false(settings_are_owners(""));
}

static void a_user_is_known_by_number_and_name(void **state) {
        _cleanup_(owner_clear) Owner root = {}, stranger = {};

        assert_int_equal(owner_load(0, &root), 0);
        assert_true(strv_contains(root.names, "0") && strv_contains(root.names, "root"));
        assert_int_equal(owner_load(3999999999u, &stranger), 0);
        assert_int_equal(strv_length(stranger.names), 1);
        assert_string_equal(stranger.names[0], "3999999999");
}

static void a_container_is_its_owners_but_never_where_root_is_root(void **state) {
        _cleanup_(settings_freep) Settings *settings = settings_new();
        Container c = { .settings = settings, .state = CONTAINER_STOPPED, .identity = { .uid_base = 524288, .uid_count = 65536 } };
        char *names[] = { (char *) "1000", (char *) "ann", NULL };
        const Owner ann = { 1000, names };

        assert_false(owner_has(&ann, &c));
        assert_int_equal(settings_set(settings, NULL, "Owner", "ben 1001", "", TRUST_ADMIN, NULL), 0);
        assert_false(owner_has(&ann, &c));
        assert_int_equal(settings_set(settings, NULL, "Owner", "ann", "", TRUST_ADMIN, NULL), 0);
        assert_true(owner_has(&ann, &c));

        /* It was started without, and is so until it ends. */
        c.state = CONTAINER_RUNNING;
        assert_true(owner_has(&ann, &c));
        c.identity.uid_base = 0;
        assert_false(owner_has(&ann, &c));
        c.state = CONTAINER_STOPPED;
        assert_true(owner_has(&ann, &c));
        settings->user_namespace = USER_NAMESPACE_IDENTITY;
        assert_false(owner_has(&ann, &c));
        settings->user_namespace = USER_NAMESPACE_NO;
        assert_false(owner_has(&ann, &c));
}

static void names_must_be_accounts_and_own_no_more_than_they_may(void **state) {
        _cleanup_(settings_freep) Settings *settings = settings_new();
        Container c = { .name = (char *) "a", .settings = settings, .state = CONTAINER_STOPPED };
        Manager manager = { .settings = { .user_containers_max = 1 } };
        char *own[] = { (char *) "12345", NULL }, *root[] = { (char *) "root", (char *) "0", NULL };
        char *good[] = { (char *) "root", (char *) "12345", NULL }, *bad[] = { (char *) "root", (char *) "no-such-user", NULL };
        _cleanup_error_ Error error = ERROR_INIT;

        assert_int_equal(owner_check(&manager, NULL, NULL, 0, &error), 0);
        assert_int_equal(owner_check(&manager, good, NULL, 0, &error), 0);
        assert_int_equal(owner_check(&manager, bad, NULL, 0, &error), -EINVAL);
        assert_non_null(strstr(error_message(&error), "no-such-user"));
        error_clear(&error);

        assert_int_equal(map_put(&manager.containers, c.name, &c), 0);
        assert_int_equal(settings_set(settings, NULL, "Owner", "12345 root", "", TRUST_ADMIN, NULL), 0);
        assert_int_equal(owner_check(&manager, own, &c, 0, &error), 0);
        assert_int_equal(owner_check(&manager, own, NULL, 0, &error), -EBUSY);
        assert_string_equal(error.name, "LimitsExceeded");
        assert_int_equal(owner_check(&manager, root, NULL, 0, &error), 0);
        map_clear(&manager.containers);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_not_listed_is_not_theirs),
                cmocka_unit_test(only_harmless_keys_are_theirs),
                cmocka_unit_test(a_user_is_known_by_number_and_name),
                cmocka_unit_test(a_container_is_its_owners_but_never_where_root_is_root),
                cmocka_unit_test(names_must_be_accounts_and_own_no_more_than_they_may),
        };

        return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
