/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "criu-options.h"
#include "test.h"

static void refuse(int key, const char *value) {
        _cleanup_error_ Error error = ERROR_INIT;
        CriuOptions o = CRIU_OPTIONS_INIT;

        assert_true(criu_options_parse(&o, key, value, &error) < 0);
        assert_true(error_is_set(&error));
        criu_options_clear(&o);
}

static void test_defaults(void **state) {
        CriuOptions o = CRIU_OPTIONS_INIT;

        /* As runc and crun have them. */
        assert_string_equal(o.image_path, "checkpoint");
        assert_int_equal(o.cgroups_mode, CRIU_CGROUPS_SOFT);
        assert_ok(criu_options_check(&o, NULL));
}

static void test_switches(void **state) {
        static const int keys[] = {
                CRIU_KEY_LEAVE_RUNNING, CRIU_KEY_PRE_DUMP,   CRIU_KEY_TCP_ESTABLISHED, CRIU_KEY_TCP_SKIP_IN_FLIGHT,
                CRIU_KEY_TCP_CLOSE,     CRIU_KEY_EXT_UNIX_SK, CRIU_KEY_SHELL_JOB,      CRIU_KEY_FILE_LOCKS,
                CRIU_KEY_LINK_REMAP,    CRIU_KEY_AUTO_DEDUP,  CRIU_KEY_LAZY_PAGES,
        };
        const CriuOptions none = CRIU_OPTIONS_INIT;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                CriuOptions o = CRIU_OPTIONS_INIT;

                assert_int_equal(criu_options_parse(&o, keys[i], NULL, NULL), 1);
                assert_memory_not_equal(&o, &none, sizeof(o));
        }
        CriuOptions o = CRIU_OPTIONS_INIT;
        assert_int_equal(criu_options_parse(&o, 'b', "x", NULL), 0);
        assert_int_equal(criu_options_parse(&o, CRIU_KEY_MAX, "x", NULL), 0);
}

static void test_page_server(void **state) {
        static const struct {
                const char *text, *address;
                uint16_t port;
        } good[] = {
                { "127.0.0.1:1234", "127.0.0.1", 1234 },
                { "host.example:65535", "host.example", 65535 },
                { "[::1]:1", "::1", 1 },
        };
        static const char *const bad[] = { "", ":", "1.2.3.4", "1.2.3.4:", ":80", "1.2.3.4:0", "1.2.3.4:65536",
                                           "1.2.3.4:8 0", "::1:80", "[]:80", "[::1:80", "a:b:80" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                CriuOptions o = CRIU_OPTIONS_INIT;

                assert_int_equal(criu_options_parse(&o, CRIU_KEY_PAGE_SERVER, "10.0.0.1:9", NULL), 1);
                assert_int_equal(criu_options_parse(&o, CRIU_KEY_PAGE_SERVER, good[i].text, NULL), 1);
                assert_string_equal(o.page_server, good[i].address);
                assert_int_equal(o.page_server_port, good[i].port);
                criu_options_clear(&o);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                refuse(CRIU_KEY_PAGE_SERVER, bad[i]);
}

static void test_words(void **state) {
        static const struct {
                const char *word;
                CriuCgroupsMode mode;
        } modes[] = { { "soft", 3 }, { "full", 4 }, { "strict", 5 }, { "ignore", 0 } };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                CriuOptions o = CRIU_OPTIONS_INIT;

                assert_int_equal(criu_options_parse(&o, CRIU_KEY_MANAGE_CGROUPS_MODE, modes[i].word, NULL), 1);
                assert_int_equal(o.cgroups_mode, modes[i].mode);
        }
        refuse(CRIU_KEY_MANAGE_CGROUPS_MODE, "");
        refuse(CRIU_KEY_MANAGE_CGROUPS_MODE, "Soft");
        refuse(CRIU_KEY_NETWORK_LOCK, "ipset");
        refuse(CRIU_KEY_EMPTY_NS, "ipc");

        CriuOptions o = CRIU_OPTIONS_INIT;
        assert_int_equal(criu_options_parse(&o, CRIU_KEY_EMPTY_NS, "network", NULL), 1);
        assert_int_equal(o.empty_namespaces, CLONE_NEWNET);
        assert_int_equal(criu_options_parse(&o, CRIU_KEY_NETWORK_LOCK, "skip", NULL), 1);
        assert_int_equal(o.network_lock, 3);
}

static void test_lsm_profile(void **state) {
        CriuOptions o = CRIU_OPTIONS_INIT;

        assert_int_equal(criu_options_parse(&o, CRIU_KEY_LSM_PROFILE, "apparmor:docker-default", NULL), 1);
        assert_int_equal(criu_options_parse(&o, CRIU_KEY_LSM_PROFILE, "selinux:system_u:system_r:c_t:s0", NULL), 1);
        refuse(CRIU_KEY_LSM_PROFILE, "docker-default");
        refuse(CRIU_KEY_LSM_PROFILE, "apparmor:");
        refuse(CRIU_KEY_LSM_PROFILE, "smack:x");
}

static void test_status_fd(void **state) {
        CriuOptions o = CRIU_OPTIONS_INIT;
        char text[16];
        int ends[2];

        assert_ok(pipe(ends));
        snprintf(text, sizeof(text), "%d", ends[1]);
        assert_int_equal(criu_options_parse(&o, CRIU_KEY_STATUS_FD, text, NULL), 1);
        assert_int_equal(o.status_fd, ends[1]);
        snprintf(text, sizeof(text), "%d", ends[0]);
        refuse(CRIU_KEY_STATUS_FD, text); /* it is for reading */
        close(ends[0]);
        close(ends[1]);
        refuse(CRIU_KEY_STATUS_FD, text);
        refuse(CRIU_KEY_STATUS_FD, "-1");
        refuse(CRIU_KEY_STATUS_FD, "x");
}

static void test_together(void **state) {
        CriuOptions o = CRIU_OPTIONS_INIT;

        o.parent_path = "../first";
        assert_ok(criu_options_check(&o, NULL));
        o.parent_path = "/first";
        assert_int_equal(criu_options_check(&o, NULL), -EINVAL);
        o.parent_path = "";
        assert_int_equal(criu_options_check(&o, NULL), -EINVAL);
        o.parent_path = NULL;
        o.image_path = "";
        assert_int_equal(criu_options_check(&o, NULL), -EINVAL);
        o.image_path = "x";
        o.pre_dump = o.lazy_pages = true;
        assert_int_equal(criu_options_check(&o, NULL), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(test_defaults), T(test_switches),    T(test_page_server), T(test_words),
                T(test_lsm_profile), T(test_status_fd), T(test_together),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
