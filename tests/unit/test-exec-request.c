/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bundle-fixture.h"
#include "exec-request.h"

#define _cleanup_request_ _cleanup_(exec_request_clear)

static ExecRequest request_new(const char *user, char *const *argv) {
        return (ExecRequest){ .user = user ? strdup(user) : NULL, .argv = strv_copy(argv) };
}

static bool env_holds(const json_t *process, const char *assignment) {
        return json_holds(json_at(process, "env"), assignment);
}

static void root_runs_the_command_itself(void **state) {
        static const char *const users[] = { NULL, "root", "0" };

        for (size_t i = 0; i < ELEMENTSOF(users); i++) {
                _cleanup_request_ ExecRequest r = request_new(users[i], STRINGS("id", "-u"));

                assert_ok(exec_request_resolve(&r, false, NULL));
                assert_true(strv_equal(r.argv, STRINGS("id", "-u")));
                assert_int_equal(r.uid, 0);
                assert_int_equal(r.gid, 0);
        }
}

static void number_is_taken_as_it_is(void **state) {
        static const char *const users[] = { "1", "1000", "65535", "00033" };
        static const uint32_t ids[] = { 1, 1000, 65535, 33 };

        for (size_t i = 0; i < ELEMENTSOF(users); i++) {
                _cleanup_request_ ExecRequest r = request_new(users[i], STRINGS("id"));

                assert_ok(exec_request_resolve(&r, false, NULL));
                assert_int_equal(r.uid, ids[i]);
                assert_int_equal(r.gid, ids[i]);
                assert_true(strv_equal(r.argv, STRINGS("id")));
        }
}

static void number_past_the_range_is_refused(void **state) {
        static const char *const users[] = { "65536", "524288", "4294967295" };

        for (size_t i = 0; i < ELEMENTSOF(users); i++) {
                _cleanup_request_ ExecRequest r = request_new(users[i], STRINGS("id"));
                _cleanup_error_ Error e = ERROR_INIT;

                assert_int_equal(exec_request_resolve(&r, false, &e), -EINVAL);
                test_assert_error(&e, EINVAL, "InvalidArguments", users[i]);
                test_assert_error(&e, EINVAL, "InvalidArguments", "0 to 65535");
        }
}

static void number_that_is_no_id_is_refused(void **state) {
        static const char *const users[] = { "4294967296", "99999999999999999999" };

        for (size_t i = 0; i < ELEMENTSOF(users); i++) {
                _cleanup_request_ ExecRequest r = request_new(users[i], STRINGS("id"));

                assert_int_equal(exec_request_resolve(&r, false, NULL), -EINVAL);
        }
}

static void name_is_looked_up_inside(void **state) {
        _cleanup_request_ ExecRequest r = request_new("www-data", STRINGS("id", "two words"));

        assert_ok(exec_request_resolve(&r, false, NULL));
        assert_int_equal(r.uid, 0);
        assert_int_equal(strv_length(r.argv), 7);
        assert_string_equal(r.argv[0], "/bin/sh");
        assert_string_equal(r.argv[1], "-c");
        assert_null(strstr(r.argv[2], "www-data")); /* a word of the script it must never be */
        assert_string_equal(r.argv[4], "www-data");
        assert_string_equal(r.argv[5], "id");
        assert_string_equal(r.argv[6], "two words");
}

static void login_is_made_by_the_container(void **state) {
        static const char *const users[] = { NULL, "root", "alice", "1000" };

        for (size_t i = 0; i < ELEMENTSOF(users); i++) {
                _cleanup_request_ ExecRequest r = request_new(users[i], NULL);

                assert_ok(exec_request_resolve(&r, true, NULL));
                assert_int_equal(strv_length(r.argv), 5);
                assert_string_equal(r.argv[0], "/bin/sh");
                assert_non_null(strstr(r.argv[2], "su -l"));
                assert_string_equal(r.argv[4], users[i] ?: "root");
                assert_int_equal(r.uid, 0);
        }
}

static void names_that_are_none_are_refused(void **state) {
        static const char *const bad[] = {
                "", "-l", "--", "-", "a b", "a;b", "$(id)", "`id`", "a/b", "a\nb", "a'b", "a\"b", "al\xc3\xa9", "a@b", "*", "~", "+1000",
                "abcdefghijklmnopqrstuvwxyz0123456", "\x1b[2J",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                for (int login = 0; login < 2; login++) {
                        _cleanup_request_ ExecRequest r = request_new(bad[i], STRINGS("id"));
                        _cleanup_error_ Error e = ERROR_INIT;

                        if (exec_request_resolve(&r, login, &e) >= 0)
                                fail_msg("\"%s\" is taken", bad[i]);
                        test_assert_error(&e, EINVAL, "InvalidArguments", "no user name");
                        assert_true(strv_equal(r.argv, STRINGS("id")));
                }
}

static void longest_name_is_fine(void **state) {
        _cleanup_request_ ExecRequest r = request_new("abcdefghijklmnopqrstuvwxyz012345", STRINGS("id"));

        assert_ok(exec_request_resolve(&r, false, NULL));
}

static void process_has_defaults(void **state) {
        _cleanup_request_ ExecRequest r = request_new(NULL, STRINGS("ls", "-l"));
        _cleanup_fixture_ Fixture f;
        _cleanup_json_ json_t *p = NULL;

        fixture_init(&f, "");
        assert_ok(exec_compile(&f.launch, &r, &p));
        assert_json_words(json_at(p, "args"), "ls -l");
        assert_json_string(p, "cwd", "/");
        assert_true(json_is_false(json_at(p, "terminal")));
        assert_null(json_at(p, "consoleSize"));
        assert_true(env_holds(p, "HOME=/root"));
        assert_true(env_holds(p, "container=ctrd"));
        assert_false(env_holds(p, "NOTIFY_SOCKET=/run/host/notify"));
        assert_int_equal(json_integer_value(json_at(p, "user.uid")), 0);
}

static void request_reaches_the_process(void **state) {
        _cleanup_request_ ExecRequest r = request_new("1000", STRINGS("ls"));
        _cleanup_fixture_ Fixture f;
        _cleanup_json_ json_t *p = NULL;

        fixture_init(&f, "");
        r.environment = strv_copy(STRINGS("TERM=screen", "A=b c"));
        r.directory = strdup("/srv");
        r.terminal = true;
        r.columns = 80;
        r.rows = UINT32_MAX;
        assert_ok(exec_request_resolve(&r, false, NULL));
        assert_ok(exec_compile(&f.launch, &r, &p));
        assert_json_string(p, "cwd", "/srv");
        assert_true(json_is_true(json_at(p, "terminal")));
        assert_int_equal(json_integer_value(json_at(p, "consoleSize.width")), 80);
        assert_true(json_integer_value(json_at(p, "consoleSize.height")) == UINT32_MAX);
        assert_true(env_holds(p, "TERM=screen"));
        assert_false(env_holds(p, "TERM=xterm"));
        assert_true(env_holds(p, "A=b c"));
        assert_true(env_holds(p, "HOME=/"));
        assert_int_equal(json_integer_value(json_at(p, "user.uid")), 1000);
        assert_int_equal(json_integer_value(json_at(p, "user.gid")), 1000);
}

static void size_of_no_terminal_is_not_told(void **state) {
        _cleanup_request_ ExecRequest r = request_new(NULL, STRINGS("ls"));
        _cleanup_fixture_ Fixture f;
        _cleanup_json_ json_t *a = NULL, *b = NULL;

        fixture_init(&f, "");
        r.columns = 80;
        r.rows = 24;
        assert_ok(exec_compile(&f.launch, &r, &a));
        assert_null(json_at(a, "consoleSize"));
        r.terminal = true;
        r.rows = 0;
        assert_ok(exec_compile(&f.launch, &r, &b));
        assert_null(json_at(b, "consoleSize"));
}

/* An exec must not have more than the container (runc CVE-2022-29162). */
static void capabilities_are_those_of_the_container(void **state) {
        _cleanup_request_ ExecRequest r = request_new(NULL, STRINGS("ls"));
        _cleanup_fixture_ Fixture f;
        _cleanup_json_ json_t *p = NULL, *config = NULL;

        fixture_init(&f, "[Security]\nDropCapability=CAP_NET_RAW\nNoNewPrivileges=yes\n");
        assert_ok(exec_compile(&f.launch, &r, &p));
        assert_ok(bundle_compile(&f.launch, &config, NULL));
        assert_true(json_equal(json_at(p, "capabilities"), json_at(config, "process.capabilities")));
        assert_false(json_holds(json_at(p, "capabilities.bounding"), "CAP_NET_RAW"));
        assert_true(json_is_true(json_at(p, "noNewPrivileges")));
}

static void cleared_request_is_empty(void **state) {
        ExecRequest r = request_new("alice", STRINGS("ls"));

        r.directory = strdup("/");
        r.environment = strv_copy(STRINGS("A=1"));
        exec_request_clear(&r);
        assert_null(r.argv);
        assert_null(r.user);
        assert_null(r.directory);
        assert_null(r.environment);
        exec_request_clear(&r);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(root_runs_the_command_itself),
                T(number_is_taken_as_it_is),
                T(number_past_the_range_is_refused),
                T(number_that_is_no_id_is_refused),
                T(name_is_looked_up_inside),
                T(login_is_made_by_the_container),
                T(names_that_are_none_are_refused),
                T(longest_name_is_fine),
                T(process_has_defaults),
                T(request_reaches_the_process),
                T(size_of_no_terminal_is_not_told),
                T(capabilities_are_those_of_the_container),
                T(cleared_request_is_empty),
        };

        return cmocka_run_group_tests_name("exec-request", tests, NULL, NULL);
}
