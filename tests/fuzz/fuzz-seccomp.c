/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* linux.seccomp: what is taken becomes a program that the kernel would take, and
 * the program says what the rules say, where they are plain enough to be told
 * from outside: of system calls that one rule without conditions names, of those
 * that none names, and of those of another architecture. */

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

/* How many rules name a call; the last of them. */
static unsigned find_rules(const json_t *syscalls, int number, const json_t **ret) {
        json_t *rule, *name;
        unsigned n = 0;
        size_t i, j;

        json_array_foreach(syscalls, i, rule)
                json_array_foreach(json_object_get(rule, "names"), j, name)
                        if (seccomp_syscall_resolve_name(json_string_value(name)) == number) {
                                *ret = rule;
                                n++;
                        }
        return n;
}

static void check_call(const struct sock_fprog *p, const json_t *object, int number) {
        const uint32_t fallback = action_of(object, "defaultAction", "defaultErrnoRet");
        const json_t *syscalls = json_object_get(object, "syscalls"), *rule = NULL;
        const uint64_t values[] = { 0, 1, UINT32_MAX, UINT64_MAX };

        if (number < 0)
                return; /* another architecture's */
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                const uint64_t v = values[i];
                struct seccomp_data data = { .nr = number, .arch = seccomp_arch_native(), .args = { v, v, v, v, v, v } };
                unsigned n = find_rules(syscalls, number, &rule);
                uint32_t result = run(p, &data);

                if (n == 0)
                        promise(result == fallback);
                else if (n == 1) {
                        uint32_t action = action_of(rule, "action", "errnoRet");

                        promise(result == action || (json_array_size(json_object_get(rule, "args")) > 0 && result == fallback));
                }
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

/* libseccomp 2.5.4 loses nodes of its own tree when a rule compares an argument more
 * than once and another rule is contained in it; the runtime's process ends soon. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
        return "leak:libseccomp.so\n";
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
