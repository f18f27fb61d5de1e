/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/capability.h>

#include "capability.h"
#include "test.h"

static bool has(const char *name) {
        int cap = capability_from_name(name);

        assert_true(cap >= 0);
        return capability_default_set() & (UINT64_C(1) << cap);
}

static void every_capability_has_a_name_that_leads_back(void **state) {
        for (int i = 0; i < CAPABILITY_COUNT; i++) {
                assert_non_null(capability_name(i));
                assert_non_null(startswith(capability_name(i), "CAP_"));
                assert_int_equal(capability_from_name(capability_name(i)), i);
        }
}

static void none_that_the_headers_know_is_missing(void **state) {
        assert_true(CAPABILITY_COUNT > CAP_LAST_CAP);
        assert_true(CAPABILITY_COUNT < 64);
}

static void names_are_taken_in_any_case(void **state) {
        assert_int_equal(capability_from_name("cap_sys_admin"), CAP_SYS_ADMIN);
        assert_int_equal(capability_from_name("Cap_Chown"), CAP_CHOWN);
}

static void other_names_are_refused(void **state) {
        static const char *const bad[] = { "", "SYS_ADMIN", "CAP_", "CAP_SYS_ADMIN ", "CAP_NONE", "0", "21", "all", "-1" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(capability_from_name(bad[i]), -EINVAL);
        assert_null(capability_name(-1));
        assert_null(capability_name(CAPABILITY_COUNT));
}

static void host_kernel_is_not_in_the_default_set(void **state) {
        static const char *const without[] = {
                "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_TIME", "CAP_SYSLOG", "CAP_AUDIT_CONTROL", "CAP_AUDIT_READ",
                "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_BPF", "CAP_PERFMON", "CAP_MAC_ADMIN", "CAP_MAC_OVERRIDE",
        };

        for (size_t i = 0; i < ELEMENTSOF(without); i++)
                assert_false(has(without[i]));
}

/* PrivateTmp=, PrivateDevices= and login sessions of what runs inside. */
static void services_inside_have_what_they_need(void **state) {
        static const char *const with[] = {
                "CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_SETUID", "CAP_SETGID", "CAP_NET_ADMIN", "CAP_SYS_CHROOT", "CAP_AUDIT_WRITE",
                "CAP_SYS_RESOURCE", "CAP_KILL", "CAP_SYS_BOOT",
        };

        for (size_t i = 0; i < ELEMENTSOF(with); i++)
                assert_true(has(with[i]));
        assert_int_equal(capability_default_set() >> CAPABILITY_COUNT, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(every_capability_has_a_name_that_leads_back),
                T(none_that_the_headers_know_is_missing),
                T(names_are_taken_in_any_case),
                T(other_names_are_refused),
                T(host_kernel_is_not_in_the_default_set),
                T(services_inside_have_what_they_need),
        };

        return cmocka_run_group_tests_name("capability", tests, NULL, NULL);
}
