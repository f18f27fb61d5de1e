/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the monitor is told: the plan, and what of it depends on the init. */

#include <signal.h>

#include "bundle-fixture.h"
#include "wire.h"

static char *compile_launch(const Fixture *f) {
        _cleanup_error_ Error e = ERROR_INIT;
        char *plan = NULL;

        if (plan_compile(&f->launch, &plan, &e) < 0)
                fail_msg("%s", error_message(&e));
        return plan;
}

/* The value of a key: which must be there once. NULL: it is not there. */
static const char *value(const char *plan, const char *key) {
        static char copy[8192];
        const char *k, *v, *found = NULL;
        WireReader reader;
        int r;

        snprintf(copy, sizeof(copy), "%s", plan);
        wire_read_begin(&reader, copy, strlen(copy));
        while ((r = wire_read_next(&reader, &k, &v)) > 0)
                if (streq(k, key)) {
                        assert_null(found);
                        found = v;
                }
        assert_int_equal(r, 0);
        return found;
}

static void plan_says_all_that_the_monitor_asks(void **state) {
        _cleanup_fixture_ Fixture f;
        _cleanup_free_ char *plan = NULL;

        fixture_init(&f, "");
        plan = compile_launch(&f);
        assert_string_equal(value(plan, "NAME"), "web");
        assert_true(endswith(value(plan, "RUNTIME"), "/ctrrun"));
        assert_string_equal(value(plan, "BUNDLE"), "/run/ctrd/containers/web/bundle");
        assert_string_equal(value(plan, "ROOTFS"), "/run/ctrd/containers/web/rootfs");
        assert_string_equal(value(plan, "ROOT"), "overlay");
        assert_string_equal(value(plan, "LOWER"), "/var/lib/ctrd/images/debian-bookworm/rootfs");
        assert_string_equal(value(plan, "STORE"), "/var/lib/ctrd/containers/web/fs");
        assert_string_equal(value(plan, "IDMAP"), "0 524288 65536");
        assert_string_equal(value(plan, "STOP_TIMEOUT_USEC"), "90000000");
        assert_string_equal(value(plan, "EXTEND_MAX_USEC"), "300000000");
        assert_string_equal(value(plan, "NOTIFY"), "yes");
        assert_string_equal(value(plan, "NOTIFY_SOCKET"), "/run/ctrd/containers/web/host/notify");
        assert_string_equal(value(plan, "CONSOLE_LOG"), "/var/lib/ctrd/containers/web/console.log");
        assert_string_equal(value(plan, "EXIT_RECORD"), "/var/lib/ctrd/containers/web/exit.json");
        assert_string_equal(value(plan, "CONSOLE_LOG_MAX"), "1048576");
}

/* An unknown key is an error to the monitor. */
static void plan_has_no_key_but_those_of_the_contract(void **state) {
        static const char *const keys[] = {
                "NAME", "RUNTIME", "BUNDLE", "ROOTFS", "ROOT", "LOWER", "STORE", "READONLY", "IDMAP", "STOP_SIGNAL",
                "STOP_TIMEOUT_USEC", "EXTEND_MAX_USEC", "NOTIFY", "NOTIFY_SOCKET", "CONSOLE_LOG", "CONSOLE_LOG_MAX", "EXIT_RECORD", "BOOT_ID",
                "VIEWS",
        };
        _cleanup_strv_ char **lines = NULL;
        _cleanup_fixture_ Fixture f;
        _cleanup_free_ char *plan = NULL;

        fixture_init(&f, "[Files]\nReadOnly=yes\n");
        plan = compile_launch(&f);
        assert_ok(strv_split(plan, "\n", &lines));
        assert_true(endswith(plan, "\n"));
        STRV_FOREACH(line, lines) {
                bool known = false;

                for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                        const char *rest = startswith(*line, keys[i]);

                        known = known || (rest && *rest == '=');
                }
                if (!known)
                        fail_msg("%s", *line);
        }
}

static void without_user_namespace_there_is_no_id_map(void **state) {
        _cleanup_fixture_ Fixture f;
        _cleanup_free_ char *plan = NULL;

        fixture_init(&f, "[Security]\nUserNamespace=no\n");
        plan = compile_launch(&f);
        assert_null(value(plan, "IDMAP"));
        assert_null(value(plan, "INTERCEPTOR"));
        assert_null(value(plan, "INTERCEPTED_MOUNTS"));
}

static void types_to_mount_are_one_list(void **state) {
        _cleanup_fixture_ Fixture f;
        _cleanup_free_ char *plan = NULL;

        fixture_init(&f, "[Security]\nInterceptSystemCalls=mount:ext4 mknod\nInterceptSystemCalls=mount:xfs\n");
        plan = compile_launch(&f);
        assert_non_null(value(plan, "INTERCEPTOR"));
        assert_string_equal(value(plan, "INTERCEPTED_MOUNTS"), "ext4,xfs");
}

static void settings_reach_the_plan(void **state) {
        _cleanup_fixture_ Fixture f;
        _cleanup_free_ char *plan = NULL;

        fixture_init(&f, "[Container]\nRuntime=/usr/bin/crun\n[Exec]\nStopTimeoutSec=infinity\nStopSignal=SIGUSR1\nNotifyReady=no\n");
        plan = compile_launch(&f);
        assert_string_equal(value(plan, "RUNTIME"), "/usr/bin/crun");
        assert_string_equal(value(plan, "STOP_TIMEOUT_USEC"), "infinity");
        assert_int_equal(atoi(value(plan, "STOP_SIGNAL")), SIGUSR1);
        assert_string_equal(value(plan, "NOTIFY"), "no");
}

/* No parser lets one through; still (Incus CVE-2026-23953). */
static void line_break_in_a_value_is_refused(void **state) {
        static const char evil[] = "/usr/bin/crun\nEXIT_RECORD=/etc/passwd";
        _cleanup_fixture_ Fixture f;
        char *const fields[] = { (char *) "name", (char *) "dir", (char *) "image", (char *) "runtime" };

        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                _cleanup_error_ Error e = ERROR_INIT;
                char *plan = NULL;

                fixture_init(&f, "");
                if (i == 0)
                        f.launch.name = evil;
                else if (i == 1)
                        f.launch.dir = evil;
                else if (i == 2)
                        f.image.id = (char *) evil;
                else
                        f.settings->runtime = strdup(evil);
                assert_int_equal(plan_compile(&f.launch, &plan, &e), -EINVAL);
                test_assert_error(&e, EINVAL, "InvalidSettings", "line break");
                assert_null(plan);
                if (i + 1 < ELEMENTSOF(fields))
                        fixture_clear(&f);
        }
}

static void init_decides_how_it_is_stopped_and_whether_it_says_ready(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "");
        assert_int_equal(launch_stop_signal(&f.launch), SIGRTMIN + 4);
        assert_true(launch_expects_ready(&f.launch));
        f.image.stop_signal = SIGUSR2;
        f.image.notifies = false;
        assert_int_equal(launch_stop_signal(&f.launch), SIGUSR2);
        assert_false(launch_expects_ready(&f.launch));
}

static void command_is_no_init_of_the_image(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "[Exec]\nCommand=/usr/bin/myserver --flag\n");
        assert_string_equal(launch_init_path(&f.launch), "/usr/bin/myserver");
        assert_int_equal(launch_stop_signal(&f.launch), SIGTERM);
        assert_false(launch_expects_ready(&f.launch));
}

static void settings_overrule_what_the_init_is(void **state) {
        _cleanup_fixture_ Fixture a, b;

        fixture_init(&a, "[Exec]\nStopSignal=SIGINT\nNotifyReady=no\n");
        assert_int_equal(launch_stop_signal(&a.launch), SIGINT);
        assert_false(launch_expects_ready(&a.launch));
        fixture_init(&b, "[Exec]\nCommand=/bin/x\nNotifyReady=yes\n");
        assert_true(launch_expects_ready(&b.launch));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(plan_says_all_that_the_monitor_asks),
                T(plan_has_no_key_but_those_of_the_contract),
                T(without_user_namespace_there_is_no_id_map),
                T(types_to_mount_are_one_list),
                T(settings_reach_the_plan),
                T(line_break_in_a_value_is_refused),
                T(init_decides_how_it_is_stopped_and_whether_it_says_ready),
                T(command_is_no_init_of_the_image),
                T(settings_overrule_what_the_init_is),
        };

        return cmocka_run_group_tests_name("launch-plan", tests, NULL, NULL);
}
