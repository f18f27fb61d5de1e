/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/capability.h>

#include "syscall-policy.h"
#include "test.h"

static uint16_t result_of(const SyscallPolicy *policy, const char *name) {
        int i = syscall_find(name);

        if (i < 0)
                fail_msg("%s is not known", name);
        return policy->result[i];
}

static SyscallPolicy make(SeccompProfile profile, uint64_t capabilities, const char *first, const char *second) {
        char *const filter[] = { (char *) first, (char *) second, NULL };
        SyscallPolicy policy;

        syscall_policy_make(profile, capabilities, filter, &policy);
        return policy;
}

static void names_are_sorted_and_found(void **state) {
        for (size_t i = 0; i < SYSCALL_NAMES; i++) {
                assert_true(i == 0 || strcmp(syscall_names[i - 1], syscall_names[i]) < 0);
                assert_int_equal(syscall_find(syscall_names[i]), i);
        }
        assert_int_equal(syscall_find("reed"), -ENOENT);
        assert_int_equal(syscall_find(""), -ENOENT);
}

static void every_group_is_of_names_that_are_known(void **state) {
        for (size_t i = 0; i < syscall_groups_n; i++) {
                SyscallSet set = {}, copy;
                bool any = false;

                assert_int_equal(syscall_set_add(&set, syscall_groups[i].name), 0);
                for (size_t j = 0; j < SYSCALL_NAMES; j++)
                        any |= syscall_set_has(&set, j);
                assert_true(any);
                copy = set;
                syscall_set_remove(&set, &copy);
                for (size_t j = 0; j < SYSCALL_NAMES; j++)
                        assert_false(syscall_set_has(&set, j));
        }
}

static void profiles_have_names(void **state) {
        for (int i = 0; i < _SECCOMP_PROFILE_MAX; i++)
                assert_non_null(seccomp_profile_to_string((SeccompProfile) i));
        assert_null(seccomp_profile_to_string(_SECCOMP_PROFILE_MAX));
}

static void words_of_the_filter(void **state) {
        static const char *const good[] = { "read", "@mount", "@known", "~read", "~@mount", "~read:EACCES", "~@mount:38", "~bpf:kill" };
        static const char *const bad[] = { "", "~", "reed", "@reed", "read:EPERM", "~read:EFOO", "~read:0", "~read:4095", "~read:-1",
                                           "~~read", "~read:", "read write", "@", "~read:eperm" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                if (!syscall_filter_word_is_valid(good[i]))
                        fail_msg("%s is refused", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (syscall_filter_word_is_valid(bad[i]))
                        fail_msg("\"%s\" is taken", bad[i]);
}

static void default_profile(void **state) {
        static const char *const allowed[] = { "read", "mount", "unshare", "clone3", "pivot_root", "ptrace", "reboot", "personality",
                                               "sethostname", "seccomp", "adjtimex", "clock_adjtime", "mknodat", "setns" };
        static const char *const refused[] = { "init_module", "kexec_load", "clock_settime", "settimeofday", "swapon", "bpf",
                                               "perf_event_open", "open_by_handle_at", "iopl", "syslog", "io_uring_setup", "acct" };
        static const char *const absent[] = { "keyctl", "add_key", "create_module", "uselib", "nfsservctl" };
        SyscallPolicy p = make(SECCOMP_DEFAULT, 0, NULL, NULL);

        for (size_t i = 0; i < ELEMENTSOF(allowed); i++)
                if (result_of(&p, allowed[i]) != SYSCALL_ALLOWED)
                        fail_msg("%s is not allowed", allowed[i]);
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                if (result_of(&p, refused[i]) != EPERM)
                        fail_msg("%s is not refused", refused[i]);
        for (size_t i = 0; i < ELEMENTSOF(absent); i++)
                if (syscall_find(absent[i]) >= 0 && result_of(&p, absent[i]) != ENOSYS)
                        fail_msg("%s is there", absent[i]);
        assert_true(p.new_users);
        assert_false(p.vsock);
}

static void other_profiles(void **state) {
        SyscallPolicy strict = make(SECCOMP_STRICT, 0, NULL, NULL), nesting = make(SECCOMP_NESTING, 0, NULL, NULL),
                      privileged = make(SECCOMP_PRIVILEGED, 0, NULL, NULL), none = make(SECCOMP_UNCONFINED, 0, NULL, NULL);

        assert_false(strict.new_users);
        assert_int_equal(result_of(&strict, "ptrace"), EPERM);
        assert_int_equal(result_of(&strict, "clone3"), ENOSYS);
        assert_int_equal(result_of(&strict, "personality"), SYSCALL_ALLOWED); /* LockPersonality= asks it */
        assert_int_equal(result_of(&strict, "socketcall"), ENOSYS);
        assert_true(privileged.vsock);
        assert_int_equal(result_of(&nesting, "keyctl"), SYSCALL_ALLOWED);
        assert_int_equal(result_of(&nesting, "bpf"), EPERM);
        assert_int_equal(result_of(&privileged, "bpf"), SYSCALL_ALLOWED);
        assert_int_equal(result_of(&privileged, "init_module"), EPERM);
        assert_int_equal(result_of(&none, "init_module"), SYSCALL_ALLOWED);
}

static void capabilities_bring_their_calls(void **state) {
        SyscallPolicy p = make(SECCOMP_DEFAULT, UINT64_C(1) << CAP_SYS_TIME | UINT64_C(1) << CAP_SYSLOG, NULL, NULL);

        assert_int_equal(result_of(&p, "clock_settime"), SYSCALL_ALLOWED);
        assert_int_equal(result_of(&p, "syslog"), SYSCALL_ALLOWED);
        assert_int_equal(result_of(&p, "bpf"), EPERM);
}

static void the_filter_is_on_top(void **state) {
        SyscallPolicy p = make(SECCOMP_DEFAULT, 0, "@keyring", "~keyctl:ENOENT"), q = make(SECCOMP_DEFAULT, 0, "~@mount", "mount"),
                      k = make(SECCOMP_UNCONFINED, 0, "~bpf:kill", NULL);

        assert_int_equal(result_of(&p, "add_key"), SYSCALL_ALLOWED);
        assert_int_equal(result_of(&p, "keyctl"), ENOENT);
        assert_int_equal(result_of(&q, "mount"), EPERM); /* whatever comes first */
        assert_int_equal(result_of(&k, "bpf"), SYSCALL_KILLED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_are_sorted_and_found),
                cmocka_unit_test(every_group_is_of_names_that_are_known),
                cmocka_unit_test(profiles_have_names),
                cmocka_unit_test(words_of_the_filter),
                cmocka_unit_test(default_profile),
                cmocka_unit_test(other_profiles),
                cmocka_unit_test(capabilities_bring_their_calls),
                cmocka_unit_test(the_filter_is_on_top),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
