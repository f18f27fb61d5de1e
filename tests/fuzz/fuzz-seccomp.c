/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* linux.seccomp: what is taken becomes a program that the kernel would take, and
 * the program says what the rules say, which is told here from the document alone:
 * of the native architecture's calls that rules name, of some that none names, and
 * of those of other architectures. Arguments are those that the rules compare with,
 * and their neighbours. */

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "field.h"
#include "fuzz.h"
#include "syscall-filter.h"

static const struct {
        const char *name;
        uint32_t action;
        bool takes_errno;
} actions[] = {
        { "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, false },
        { "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, false },
        { "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false },
        { "SCMP_ACT_TRAP", SECCOMP_RET_TRAP, false },
        { "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true },
        { "SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true },
        { "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, false },
        { "SCMP_ACT_LOG", SECCOMP_RET_LOG, false },
        { "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF, false },
};

static uint32_t action_of(const json_t *object, const char *key, const char *errno_key) {
        const char *name = json_string_value(json_object_get(object, key));
        const json_t *number = json_object_get(object, errno_key);

        for (size_t i = 0; i < ELEMENTSOF(actions); i++)
                if (streq_ptr(name, actions[i].name))
                        return actions[i].action |
                               (actions[i].takes_errno
                                        ? (json_is_integer(number) ? (uint32_t) json_integer_value(number) & 0xffff : EPERM)
                                        : 0);
        promise(!"an action that is not in the specification was taken");
        return 0;
}

/* seccomp_check_filter() and bpf_check_classic() of the kernel. */
static void check_program(const struct sock_fprog *p) {
        promise(p->len > 0 && p->len <= 4096);
        for (size_t i = 0; i < p->len; i++) {
                const struct sock_filter *f = p->filter + i;
                size_t left = p->len - i - 1;

                switch (f->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        promise(f->k % 4 == 0 && f->k < sizeof(struct seccomp_data));
                        break;
                case BPF_JMP | BPF_JA:
                        promise(f->k < left);
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                case BPF_JMP | BPF_JGT | BPF_K:
                case BPF_JMP | BPF_JGE | BPF_K:
                case BPF_JMP | BPF_JSET | BPF_K:
                        promise(f->jt < left && f->jf < left);
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                case BPF_RET | BPF_K:
                        break;
                default:
                        promise(!"an instruction that is not expected");
                }
        }
        promise(BPF_CLASS(p->filter[p->len - 1].code) == BPF_RET);
}

static uint32_t run(const struct sock_fprog *p, const struct seccomp_data *data) {
        uint32_t a = 0;

        for (size_t i = 0;; i++) {
                const struct sock_filter *f = p->filter + i;

                switch (f->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        memcpy(&a, (const char *) data + f->k, sizeof(a));
                        break;
                case BPF_JMP | BPF_JA:
                        i += f->k;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        i += a == f->k ? f->jt : f->jf;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        i += a > f->k ? f->jt : f->jf;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        i += a >= f->k ? f->jt : f->jf;
                        break;
                case BPF_JMP | BPF_JSET | BPF_K:
                        i += a & f->k ? f->jt : f->jf;
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= f->k;
                        break;
                default:
                        return f->k;
                }
        }
}

static uint64_t number_of(const json_t *test, const char *key) {
        _cleanup_error_ Error error = ERROR_INIT;
        uint64_t value = 0;

        promise(field_u64(test, key, UINT64_MAX, &value, &error) >= 0);
        return value;
}

static bool test_holds(const json_t *test, const struct seccomp_data *data) {
        const char *op = json_string_value(json_object_get(test, "op"));
        uint64_t argument = data->args[number_of(test, "index")], value = number_of(test, "value");

        return streq(op, "SCMP_CMP_NE")   ? argument != value
               : streq(op, "SCMP_CMP_LT") ? argument < value
               : streq(op, "SCMP_CMP_LE") ? argument <= value
               : streq(op, "SCMP_CMP_EQ") ? argument == value
               : streq(op, "SCMP_CMP_GE") ? argument >= value
               : streq(op, "SCMP_CMP_GT") ? argument > value
                                          : (argument & value) == number_of(test, "valueTwo");
}

/* All tests, or any where one argument comes twice. */
static bool rule_holds(const json_t *args, const struct seccomp_data *data) {
        bool all = true, any = false, repeated = false;
        unsigned seen = 0;
        json_t *test;
        size_t i;

        json_array_foreach(args, i, test) {
                unsigned bit = 1u << number_of(test, "index");

                repeated |= seen & bit;
                seen |= bit;
                all &= test_holds(test, data);
                any |= test_holds(test, data);
        }
        return repeated ? any : all;
}

static bool names_call(const json_t *rule, int number) {
        json_t *name;
        size_t i;

        json_array_foreach(json_object_get(rule, "names"), i, name)
                if (seccomp_syscall_resolve_name(json_string_value(name)) == number)
                        return true;
        return false;
}

/* Newer than all that is named of the architecture, which the document lists. */
static bool is_newer(const json_t *object, int number, uint32_t fallback) {
        uint32_t native = seccomp_arch_native();
        int highest = 0;
        bool listed = false;
        json_t *rule, *name;
        size_t i, j;

        if ((fallback & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
                return false;
        json_array_foreach(json_object_get(object, "architectures"), i, name)
                listed |= native == (streq(json_string_value(name), "SCMP_ARCH_X86_64")  ? SCMP_ARCH_X86_64
                                     : streq(json_string_value(name), "SCMP_ARCH_AARCH64") ? SCMP_ARCH_AARCH64
                                                                                           : 0);
        json_array_foreach(json_object_get(object, "syscalls"), i, rule)
                json_array_foreach(json_object_get(rule, "names"), j, name)
                        if (seccomp_syscall_resolve_name(json_string_value(name)) > highest)
                                highest = seccomp_syscall_resolve_name(json_string_value(name));
        return listed && highest > 0 && number > highest;
}

static uint32_t expect(const json_t *object, const struct seccomp_data *data) {
        const uint32_t fallback = action_of(object, "defaultAction", "defaultErrnoRet");
        uint32_t result = fallback;
        bool found = false;
        json_t *rule;
        size_t i;

        json_array_foreach(json_object_get(object, "syscalls"), i, rule) {
                const json_t *args = json_object_get(rule, "args");
                uint32_t action = action_of(rule, "action", "errnoRet");

                if (!names_call(rule, data->nr))
                        continue;
                if (json_array_size(args) == 0 && action != fallback)
                        return action;
                if (json_array_size(args) == 0 || !rule_holds(args, data))
                        continue;
                /* Of two alike that differ in their data the first. */
                if (!found || (int32_t) (action & SECCOMP_RET_ACTION_FULL) < (int32_t) (result & SECCOMP_RET_ACTION_FULL))
                        result = action;
                found = true;
        }
        return is_newer(object, data->nr, fallback) ? (SECCOMP_RET_ERRNO | ENOSYS) : result;
}

static void check_values(const struct sock_fprog *p, const json_t *object, int number, uint64_t value, unsigned which) {
        for (unsigned i = 0; i < 3; i++) {
                uint64_t v = value + i - 1;
                struct seccomp_data data = { .nr = number, .arch = seccomp_arch_native(), .args = { v, v, v, v, v, v } };

                promise(run(p, &data) == expect(object, &data));
                /* The others do not hold, or do, whatever this one does. */
                for (unsigned j = 0; j < 6; j++)
                        if (j != which)
                                data.args[j] = i == 0 ? 0 : UINT64_MAX - v;
                promise(run(p, &data) == expect(object, &data));
        }
}

static void check_call(const struct sock_fprog *p, const json_t *object, int number) {
        const uint64_t values[] = { 0, 1, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX };
        json_t *rule, *test;
        size_t i, j, n = 0;

        if (number < 0)
                return; /* another architecture's */
        for (i = 0; i < ELEMENTSOF(values); i++)
                check_values(p, object, number, values[i], 0);
        json_array_foreach(json_object_get(object, "syscalls"), i, rule)
                if (names_call(rule, number))
                        json_array_foreach(json_object_get(rule, "args"), j, test)
                                if (n++ < 12) {
                                        unsigned which = (unsigned) number_of(test, "index");

                                        check_values(p, object, number, number_of(test, "value"), which);
                                        check_values(p, object, number, number_of(test, "valueTwo"), which);
                                }
}

static void check_meaning(const struct sock_fprog *p, const json_t *object) {
        const json_t *syscalls = json_object_get(object, "syscalls");
        const struct seccomp_data foreign = { .nr = 1, .arch = AUDIT_ARCH_SPARC };
        json_t *rule, *name;
        size_t i, j;

        check_call(p, object, 0);
        check_call(p, object, 435);
        check_call(p, object, 5000); /* none */
        json_array_foreach(syscalls, i, rule)
                json_array_foreach(json_object_get(rule, "names"), j, name)
                        if (i < 32 && j < 16)
                                check_call(p, object, seccomp_syscall_resolve_name(json_string_value(name)));
        promise(run(p, &foreign) == SECCOMP_RET_KILL_THREAD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(syscall_filter_freep) SyscallFilter *f = NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        json_t *object = field_load((const char *) data, size, "seccomp.json", &error);
        int r;

        fuzz_check_error(object ? 0 : -EINVAL, &error);
        if (!object)
                return 0;
        r = syscall_filter_compile(object, &f, &error);
        fuzz_check_error(r, &error);
        promise((r >= 0) == !!f);
        if (f) {
                check_program(&f->program);
                check_meaning(&f->program, object);
        }
        json_decref(object);
        return 0;
}
