/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "bundle-seccomp.h"
#include "interception.h"
#include "strv.h"
#include "syscall-policy.h"

/* clone(2): on s390 the flags are the second argument. */
#if defined(__s390__)
#define CLONE_FLAGS_ARGUMENT 1
#else
#define CLONE_FLAGS_ARGUMENT 0
#endif

static int append_rule(json_t *rules, json_t *names, const char *action, int errnum, json_t *args) {
        json_t *rule;

        if (json_array_size(names) == 0)
                return 0;
        rule = json_pack("{s:O, s:s}", "names", names, "action", action);
        /* Without its condition a rule would allow more. */
        if (rule && ((errnum > 0 && json_object_set_new(rule, "errnoRet", json_integer(errnum)) < 0) ||
                     (args && json_object_set(rule, "args", args) < 0))) {
                json_decref(rule);
                return -1;
        }
        return json_array_append_new(rules, rule);
}

/* A call that for some values of one argument is refused, or with errnum 0 notified of
 * (SCMP_ACT_NOTIFY): of the argument only its lower half, since the kernel looks at no
 * more (flatpak, CVE-2019-10063). Allowed is it by a condition that always holds: a
 * rule without any would go before the others. */
static int append_except(json_t *rules, const char *name, int argument, const uint32_t (*values)[2], size_t n, int errnum) {
        json_t *names = json_pack("[s]", name),
               *always = json_pack("[{s:i, s:i, s:s}]", "index", argument, "value", 0, "op", "SCMP_CMP_GE");
        int r = names && always ? 0 : -1;

        for (size_t i = 0; i < n && r >= 0; i++) {
                json_t *args = json_pack("[{s:i, s:I, s:I, s:s}]", "index", argument, "value", (json_int_t) values[i][0],
                                         "valueTwo", (json_int_t) values[i][1], "op", "SCMP_CMP_MASKED_EQ");

                r = args ? append_rule(rules, names, errnum > 0 ? "SCMP_ACT_ERRNO" : "SCMP_ACT_NOTIFY", errnum, args) : -1;
                json_decref(args);
        }
        if (r >= 0)
                r = append_rule(rules, names, "SCMP_ACT_ALLOW", 0, always);
        json_decref(names);
        json_decref(always);
        return r;
}

/* Characters that are put into a terminal's input, or pasted into it, would be the
 * next command of who looks at it from outside (ioctl_tty(2); CVE-2016-7545). */
static int append_ioctl(json_t *rules) {
        static const uint32_t injecting[][2] = { { UINT32_MAX, TIOCSTI }, { UINT32_MAX, TIOCLINUX } };

        return append_except(rules, "ioctl", 1, injecting, ELEMENTSOF(injecting), EPERM);
}

static int append_new_namespaces(json_t *rules, const char *name) {
        static const uint32_t users[][2] = { { CLONE_NEWUSER, CLONE_NEWUSER } };

        return append_except(rules, name, streq(name, "clone") ? CLONE_FLAGS_ARGUMENT : 0, users, ELEMENTSOF(users), EPERM);
}

/* vsock(7): the hypervisor, and what listens on the host, have these addresses. On
 * i386 socketcall(2) hides the domain: the strict profile has none. */
static int append_socket(json_t *rules) {
        static const uint32_t domains[][2] = { { UINT32_MAX, AF_VSOCK } };

        return append_except(rules, "socket", 0, domains, ELEMENTSOF(domains), EAFNOSUPPORT);
}

/* The call of InterceptSystemCalls= that one of the kernel's belongs to, or -EINVAL. */
static Interception interception_of(const char *name) {
        if (streq(name, "mknodat"))
                return INTERCEPT_MKNOD;
        if (streq(name, "lsetxattr") || streq(name, "fsetxattr"))
                return INTERCEPT_SETXATTR;
        return interception_from_string(name);
}

static bool mounts_are_intercepted(const Settings *s) {
        STRV_FOREACH(word, s->intercept)
                if (interception_mount_type(*word))
                        return true;
        return false;
}

static bool is_intercepted(const Settings *s, const char *name) {
        Interception i = interception_of(name);

        if (i == INTERCEPT_MOUNT)
                return mounts_are_intercepted(s);
        return i >= 0 && strv_contains(s->intercept, interception_to_string(i));
}

/* Who finds that there is no fsopen(2) uses mount(2), which has its arguments in one
 * call (libmount does). */
static bool is_hidden(const Settings *s, const char *name) {
        return mounts_are_intercepted(s) && (streq(name, "fsopen") || streq(name, "fspick"));
}

/* Only what the policy allows: what is refused stays so. Of mknod(2), only devices. Of
 * mount(2), only what is a new one, or might be: the old magic number (MS_MGC_VAL) is in
 * the same bits as other flags. */
static int append_intercepted(json_t *rules, const Settings *s, const SyscallPolicy *policy) {
        static const uint32_t devices[][2] = { { S_IFMT, S_IFCHR }, { S_IFMT, S_IFBLK } },
                              mounts[][2] = { { INTERCEPTION_NOT_NEW, 0 }, { MS_MGC_MSK, MS_MGC_VAL } };
        int r = 0;

        for (size_t i = 0; i < SYSCALL_NAMES && r >= 0; i++) {
                const char *name = syscall_names[i];
                json_t *names;

                if (policy->result[i] != SYSCALL_ALLOWED || !is_intercepted(s, name))
                        continue;
                if (interception_of(name) == INTERCEPT_MKNOD) {
                        r = append_except(rules, name, streq(name, "mknod") ? 1 : 2, devices, ELEMENTSOF(devices), 0);
                        continue;
                }
                if (interception_of(name) == INTERCEPT_MOUNT) {
                        r = append_except(rules, name, 3, mounts, ELEMENTSOF(mounts), 0);
                        continue;
                }
                names = json_pack("[s]", name);
                r = names ? append_rule(rules, names, "SCMP_ACT_NOTIFY", 0, NULL) : -1;
                json_decref(names);
        }
        return r;
}

static bool has_conditions(const Settings *s, const SyscallPolicy *policy, const char *name) {
        return is_intercepted(s, name) || is_hidden(s, name) || streq(name, "ioctl") || (!policy->vsock && streq(name, "socket")) ||
               (!policy->new_users && (streq(name, "clone") || streq(name, "unshare")));
}

static json_t *names_with(const Settings *s, const SyscallPolicy *policy, uint16_t result) {
        json_t *names = json_array();

        for (size_t i = 0; i < SYSCALL_NAMES; i++)
                if (policy->result[i] == result &&
                    (result != SYSCALL_ALLOWED || !has_conditions(s, policy, syscall_names[i])) &&
                    json_array_append_new(names, json_string(syscall_names[i])) < 0) {
                        json_decref(names);
                        return NULL;
                }
        return names;
}

static int append_result(json_t *rules, const Settings *s, const SyscallPolicy *policy, uint16_t result) {
        json_t *names = names_with(s, policy, result);
        int r = !names                      ? -1
                : result == SYSCALL_ALLOWED ? append_rule(rules, names, "SCMP_ACT_ALLOW", 0, NULL)
                : result == SYSCALL_KILLED  ? append_rule(rules, names, "SCMP_ACT_KILL_PROCESS", 0, NULL)
                                            : append_rule(rules, names, "SCMP_ACT_ERRNO", result, NULL);

        json_decref(names);
        return r;
}

static bool allows(const SyscallPolicy *policy, const char *name) {
        int i = syscall_find(name);

        return i >= 0 && policy->result[i] == SYSCALL_ALLOWED;
}

static bool is_first(const SyscallPolicy *policy, size_t i) {
        for (size_t j = 0; j < i; j++)
                if (policy->result[j] == policy->result[i])
                        return false;
        return true;
}

static int append_rules(json_t *rules, const Settings *s, const SyscallPolicy *policy, uint16_t fallback) {
        int r = append_intercepted(rules, s, policy);

        for (size_t i = 0; i < SYSCALL_NAMES && r >= 0; i++)
                if (policy->result[i] != fallback && is_first(policy, i))
                        r = append_result(rules, s, policy, policy->result[i]);
        if (r >= 0 && fallback != SYSCALL_ALLOWED && allows(policy, "ioctl"))
                r = append_ioctl(rules);
        if (r >= 0 && !policy->vsock && allows(policy, "socket"))
                r = append_socket(rules);
        for (size_t i = 0; i < 2 && r >= 0 && !policy->new_users; i++) {
                const char *name = i == 0 ? "clone" : "unshare";

                if (allows(policy, name))
                        r = append_new_namespaces(rules, name);
        }
        return r;
}

static bool policy_equal(const SyscallPolicy *a, const SyscallPolicy *b) {
        return memcmp(a->result, b->result, sizeof(a->result)) == 0 && a->new_users == b->new_users && a->vsock == b->vsock;
}

/* These are some four hundred words, the same for most containers, and half of what a
 * filter costs ctrd: the last ones are kept. Nobody changes them. */
static json_t *make_rules(const Settings *s, const SyscallPolicy *policy, uint16_t fallback) {
        static struct {
                SyscallPolicy policy;
                uint16_t fallback;
                json_t *rules;
        } last;
        bool plain = strv_length(s->intercept) == 0;
        json_t *rules;

        if (plain && last.rules && last.fallback == fallback && policy_equal(&last.policy, policy))
                return json_incref(last.rules);
        rules = json_array();
        if (append_rules(rules, s, policy, fallback) < 0) {
                json_decref(rules);
                return NULL;
        }
        if (plain) {
                json_decref(last.rules);
                last.policy = *policy;
                last.fallback = fallback;
                last.rules = json_incref(rules);
        }
        return rules;
}

json_t *bundle_seccomp(const Settings *s, uint64_t capabilities) {
        bool unconfined = settings_seccomp_profile(s) == SECCOMP_UNCONFINED;
        SyscallPolicy policy;
        json_t *rules, *object;

        errno = 0;
        if (unconfined && !s->system_call_filter)
                return NULL;
        syscall_policy_make(settings_seccomp_profile(s), capabilities, s->system_call_filter, &policy);
        rules = make_rules(s, &policy, unconfined ? SYSCALL_ALLOWED : ENOSYS);
        if (!rules) {
                errno = ENOMEM;
                return NULL;
        }
        object = json_pack("{s:s, s:o}", "defaultAction", unconfined ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO", "syscalls", rules);
        if (object && !unconfined)
                json_object_set_new(object, "defaultErrnoRet", json_integer(ENOSYS));
        /* Programs of the 32-bit architecture are part of a distribution (multiarch). */
#if defined(__x86_64__)
        if (object)
                json_object_set_new(object, "architectures", json_pack("[s, s]", "SCMP_ARCH_X86_64", "SCMP_ARCH_X86"));
#elif defined(__aarch64__)
        if (object)
                json_object_set_new(object, "architectures", json_pack("[s, s]", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"));
#endif
        if (!object)
                errno = ENOMEM;
        return object;
}
