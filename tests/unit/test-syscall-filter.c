/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "field.h"
#include "syscall-cache.h"
#include "syscall-filter.h"
#include "test.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

/* The kernel's machine, as much of it as seccomp allows and libseccomp uses. */
static uint32_t run(const struct sock_fprog *program, const struct seccomp_data *data) {
        uint32_t a = 0;

        for (unsigned pc = 0; pc < program->len; pc++) {
                const struct sock_filter *i = program->filter + pc;

                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        assert_true(i->k % 4 == 0 && i->k < sizeof(*data));
                        memcpy(&a, (const char *) data + i->k, 4);
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= i->k;
                        break;
                case BPF_JMP | BPF_JA:
                        pc += i->k;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        pc += a == i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        pc += a >= i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        pc += a > i->k ? i->jt : i->jf;
                        break;
                case BPF_RET | BPF_K:
                        return i->k;
                default:
                        fail_msg("instruction 0x%x", i->code);
                }
        }
        fail_msg("no end");
        return 0;
}

static json_t *parse(const char *text) {
        _cleanup_error_ Error error = ERROR_INIT;
        json_t *object = field_load(text, strlen(text), "text", &error);

        assert_non_null(object);
        return object;
}

static SyscallFilter *compile(const char *text) {
        _cleanup_error_ Error error = ERROR_INIT;
        json_t *object = parse(text);
        SyscallFilter *f = NULL;

        if (syscall_filter_compile(object, &f, &error) < 0)
                fail_msg("%s", error_message(&error));
        json_decref(object);
        return f;
}

static uint32_t decide_on(const SyscallFilter *f, uint32_t arch, int number, uint64_t a0, uint64_t a1) {
        const struct seccomp_data data = { .nr = number, .arch = arch, .args = { a0, a1 } };

        return run(&f->program, &data);
}

static uint32_t decide(const SyscallFilter *f, int number, uint64_t a0, uint64_t a1) {
        return decide_on(f, NATIVE, number, a0, a1);
}

static void test_actions(void **state) {
        test_needs(SYS_seccomp);
        static const struct {
                const char *action;
                uint32_t result;
        } cases[] = {
                { "\"SCMP_ACT_KILL\"", SECCOMP_RET_KILL_THREAD },
                { "\"SCMP_ACT_KILL_THREAD\"", SECCOMP_RET_KILL_THREAD },
                { "\"SCMP_ACT_KILL_PROCESS\"", SECCOMP_RET_KILL_PROCESS },
                { "\"SCMP_ACT_TRAP\"", SECCOMP_RET_TRAP },
                { "\"SCMP_ACT_ERRNO\"", SECCOMP_RET_ERRNO | EPERM },
                { "\"SCMP_ACT_ERRNO\", \"errnoRet\": 38", SECCOMP_RET_ERRNO | 38 },
                { "\"SCMP_ACT_ERRNO\", \"errnoRet\": 0", SECCOMP_RET_ERRNO },
                { "\"SCMP_ACT_TRACE\"", SECCOMP_RET_TRACE | EPERM },
                { "\"SCMP_ACT_TRACE\", \"errnoRet\": 1234", SECCOMP_RET_TRACE | 1234 },
                { "\"SCMP_ACT_LOG\"", SECCOMP_RET_LOG },
                { "\"SCMP_ACT_NOTIFY\"", SECCOMP_RET_USER_NOTIF },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(syscall_filter_freep) SyscallFilter *f = NULL;
                char text[512];

                snprintf(text, sizeof(text),
                         "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"listenerPath\": \"/x\","
                         " \"syscalls\": [{\"names\": [\"fchmod\", \"nobody_knows\"], \"action\": %s}]}", cases[i].action);
                f = compile(text);
                assert_int_equal(decide(f, SYS_fchmod, 0, 0), cases[i].result);
                assert_int_equal(decide(f, SYS_fchown, 0, 0), SECCOMP_RET_ALLOW);
                assert_true(f->notifies); /* a listenerPath is served whatever the rules are */
        }
}

static void test_default(void **state) {
        _cleanup_(syscall_filter_freep) SyscallFilter *f = compile(
                "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38,"
                " \"flags\": [\"SECCOMP_FILTER_FLAG_TSYNC\", \"SECCOMP_FILTER_FLAG_LOG\"],"
                " \"syscalls\": [{\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_ALLOW\"}]}");

        assert_int_equal(decide(f, SYS_fchmod, 0, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide(f, SYS_fchown, 0, 0), SECCOMP_RET_ERRNO | 38);
        assert_int_equal(f->flags, SECCOMP_FILTER_FLAG_LOG);
        /* Another architecture than the native one: not asked for. */
        assert_int_equal(decide_on(f, AUDIT_ARCH_S390X, SYS_fchmod, 0, 0), SECCOMP_RET_KILL_THREAD);
}

static SyscallFilter *with_arguments(const char *arguments) {
        char text[1024];

        snprintf(text, sizeof(text),
                 "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"fchmod\"],"
                 " \"action\": \"SCMP_ACT_ERRNO\", \"args\": [%s]}]}", arguments);
        return compile(text);
}

static bool hits(const SyscallFilter *f, uint64_t a0, uint64_t a1) {
        return decide(f, SYS_fchmod, a0, a1) == (SECCOMP_RET_ERRNO | EPERM);
}

static void test_operators(void **state) {
        static const uint64_t big = UINT64_C(0x1234567800000010);
        static const struct {
                const char *operator;
                bool below, same, above;
        } cases[] = {
                { "SCMP_CMP_NE", true, false, true }, { "SCMP_CMP_LT", true, false, false },
                { "SCMP_CMP_LE", true, true, false }, { "SCMP_CMP_EQ", false, true, false },
                { "SCMP_CMP_GE", false, true, true }, { "SCMP_CMP_GT", false, false, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(syscall_filter_freep) SyscallFilter *f = NULL;
                char text[256];

                snprintf(text, sizeof(text), "{\"index\": 0, \"value\": %llu, \"op\": \"%s\"}", (unsigned long long) big,
                         cases[i].operator);
                f = with_arguments(text);
                assert_int_equal(hits(f, big - 1, 0), cases[i].below);
                assert_int_equal(hits(f, big, 0), cases[i].same);
                assert_int_equal(hits(f, big + 1, 0), cases[i].above);
                /* The upper half counts. */
                assert_int_equal(hits(f, big + (UINT64_C(1) << 32), 0), cases[i].above);
                assert_int_equal(hits(f, big - (UINT64_C(1) << 32), 0), cases[i].below);
        }

        _cleanup_(syscall_filter_freep) SyscallFilter *f =
                with_arguments("{\"index\": 1, \"value\": 240, \"valueTwo\": 80, \"op\": \"SCMP_CMP_MASKED_EQ\"}");
        assert_true(hits(f, 0, 80));
        assert_true(hits(f, 0, 0x5f));
        assert_false(hits(f, 0, 0x60));
}

static void test_several_arguments(void **state) {
        _cleanup_(syscall_filter_freep) SyscallFilter *all = with_arguments(
                "{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}, {\"index\": 1, \"value\": 2, \"op\": \"SCMP_CMP_EQ\"}");
        _cleanup_(syscall_filter_freep) SyscallFilter *any = with_arguments(
                "{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}, {\"index\": 0, \"value\": 5, \"op\": \"SCMP_CMP_EQ\"}");

        assert_true(hits(all, 1, 2));
        assert_false(hits(all, 1, 3));
        assert_false(hits(all, 3, 2));
        assert_true(hits(any, 1, 0));
        assert_true(hits(any, 5, 0));
        assert_false(hits(any, 2, 0));
}

static void test_architectures(void **state) {
        _cleanup_(syscall_filter_freep) SyscallFilter *f = compile(
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\","
                " \"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\", \"SCMP_ARCH_AARCH64\"],"
                " \"syscalls\": [{\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_ERRNO\"}]}");

        assert_int_equal(decide_on(f, AUDIT_ARCH_X86_64, 91, 0, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide_on(f, AUDIT_ARCH_I386, 94, 0, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide_on(f, AUDIT_ARCH_AARCH64, 52, 0, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide_on(f, AUDIT_ARCH_I386, 91, 0, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide_on(f, AUDIT_ARCH_S390X, 94, 0, 0), SECCOMP_RET_KILL_THREAD);
}

/* seccomp(2): a call with the number of the x32 ABI comes with x86-64's architecture. */
static void test_x32(void **state) {
#if defined(__x86_64__)
        static const uint32_t bit = 0x40000000;
        _cleanup_(syscall_filter_freep) SyscallFilter *without = compile(
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_ERRNO\"}]}");
        _cleanup_(syscall_filter_freep) SyscallFilter *with = compile(
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X32\"],"
                " \"syscalls\": [{\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_ERRNO\"},"
                " {\"names\": [\"readv\"], \"action\": \"SCMP_ACT_LOG\"}]}");

        assert_int_equal(decide(without, SYS_fchmod, 0, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide(without, SYS_fchmod | (int) bit, 0, 0), SECCOMP_RET_KILL_THREAD);
        assert_int_equal(decide(without, SYS_fchown | (int) bit, 0, 0), SECCOMP_RET_KILL_THREAD);
        assert_int_equal(decide(without, -1, 0, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide(with, SYS_fchmod, 0, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide(with, SYS_fchmod | (int) bit, 0, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide(with, SYS_fchown | (int) bit, 0, 0), SECCOMP_RET_ALLOW);
        /* It has a number of its own there. */
        assert_int_equal(decide(with, 515 | (int) bit, 0, 0), SECCOMP_RET_LOG);
        assert_int_equal(decide(with, SYS_readv | (int) bit, 0, 0), SECCOMP_RET_ALLOW);
#endif
}

static uint32_t decide_x86(const SyscallFilter *f, int number, uint64_t a0, uint64_t a1) {
        return decide_on(f, AUDIT_ARCH_I386, number, a0, a1);
}

enum { X86_WRITE = 4, X86_CLOSE = 6, X86_SOCKETCALL = 102, X86_IPC = 117, X86_SOCKET = 359, X86_BIND = 361, X86_MSGGET = 399 };

/* What socketcall(2) and ipc(2) do cannot be told by arguments: the strictest. */
static void test_calls_in_one(void **state) {
        _cleanup_(syscall_filter_freep) SyscallFilter *f = compile(
                "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86\"], \"syscalls\": ["
                " {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]},"
                " {\"names\": [\"bind\", \"msgget\"], \"action\": \"SCMP_ACT_ALLOW\"}]}");
        _cleanup_(syscall_filter_freep) SyscallFilter *denied = compile(
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86\"], \"syscalls\": ["
                " {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 0, \"value\": 40, \"op\": \"SCMP_CMP_EQ\"}]},"
                " {\"names\": [\"msgget\"], \"action\": \"SCMP_ACT_ERRNO\"}]}");
        _cleanup_(syscall_filter_freep) SyscallFilter *whole = compile(
                "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86\"], \"syscalls\": ["
                " {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]},"
                " {\"names\": [\"socketcall\"], \"action\": \"SCMP_ACT_ALLOW\"}]}");

        assert_int_equal(decide_x86(f, X86_SOCKET, 1, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide_x86(f, X86_SOCKET, 2, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide_x86(f, X86_SOCKETCALL, 1 /* SYS_SOCKET */, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide_x86(f, X86_SOCKETCALL, 2 /* SYS_BIND */, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide_x86(f, X86_BIND, 7, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide_x86(f, X86_MSGGET, 7, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide_x86(f, X86_IPC, 13 /* MSGGET */, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide_x86(f, X86_IPC, 14, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide_x86(denied, X86_SOCKET, 40, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide_x86(denied, X86_SOCKET, 2, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide_x86(denied, X86_SOCKETCALL, 1, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide_x86(denied, X86_SOCKETCALL, 2, 0), SECCOMP_RET_ALLOW);
        /* The upper half of ipc's number is a version. */
        assert_int_equal(decide_x86(denied, X86_IPC, 1 << 16 | 13, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide_x86(whole, X86_SOCKETCALL, 1, 0), SECCOMP_RET_ALLOW);
}

/* Of arguments of 32 bits, values of more are never equal, and always greater. */
static void test_values_too_wide(void **state) {
        _cleanup_(syscall_filter_freep) SyscallFilter *f = compile(
                "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86\"], \"syscalls\": ["
                " {\"names\": [\"write\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 4294967296, \"op\": \"SCMP_CMP_GE\"}]},"
                " {\"names\": [\"close\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 4294967301, \"op\": \"SCMP_CMP_NE\"}]},"
                " {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 18446744073709551615, \"op\": \"SCMP_CMP_EQ\"}]}]}");

        assert_int_equal(decide_x86(f, X86_WRITE, 5, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide_x86(f, X86_CLOSE, 5, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide_x86(f, X86_SOCKET, UINT32_MAX, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide_x86(f, X86_SOCKET, 5, 0), SECCOMP_RET_ERRNO | EPERM);
}

static void test_which_rule_counts(void **state) {
        _cleanup_(syscall_filter_freep) SyscallFilter *f = compile(
                "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"syscalls\": ["
                " {\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 9, \"op\": \"SCMP_CMP_LT\"}]},"
                " {\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_KILL_PROCESS\", \"args\": [{\"index\": 0, \"value\": 5, \"op\": \"SCMP_CMP_EQ\"}]},"
                " {\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 38},"
                " {\"names\": [\"fchown\"], \"action\": \"SCMP_ACT_KILL_PROCESS\", \"args\": [{\"index\": 0, \"value\": 5, \"op\": \"SCMP_CMP_EQ\"}]},"
                " {\"names\": [\"fchown\"], \"action\": \"SCMP_ACT_ALLOW\"}, {\"names\": [\"fchown\"], \"action\": \"SCMP_ACT_LOG\"}]}");

        assert_int_equal(decide(f, SYS_fchmod, 8, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide(f, SYS_fchmod, 5, 0), SECCOMP_RET_KILL_PROCESS);
        assert_int_equal(decide(f, SYS_fchmod, 9, 0), SECCOMP_RET_ERRNO | 38);
        assert_int_equal(decide(f, SYS_fchown, 5, 0), SECCOMP_RET_ALLOW);
}

/* What the author of the rules did not know fails so that programs fall back. */
static void test_newer_calls(void **state) {
#if defined(__x86_64__)
        _cleanup_(syscall_filter_freep) SyscallFilter *f = compile(
                "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X32\"],"
                " \"syscalls\": [{\"names\": [\"fchmod\", \"statx\", \"readv\"], \"action\": \"SCMP_ACT_ALLOW\"}]}");
        _cleanup_(syscall_filter_freep) SyscallFilter *implied = compile(
                "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_ALLOW\"}]}");
        _cleanup_(syscall_filter_freep) SyscallFilter *kills = compile(
                "{\"defaultAction\": \"SCMP_ACT_KILL_PROCESS\", \"architectures\": [\"SCMP_ARCH_X86_64\"],"
                " \"syscalls\": [{\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_ALLOW\"}]}");
        static const int x32 = 0x40000000;

        assert_int_equal(decide(f, SYS_statx, 0, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(decide(f, SYS_fchown, 0, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide(f, SYS_statx + 1, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
        assert_int_equal(decide(f, 0xeffff, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
        assert_int_equal(decide(f, -1, 0, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide(f, x32 | SYS_fchown, 0, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide(f, x32 | 515, 0, 0), SECCOMP_RET_ALLOW); /* readv */
        assert_int_equal(decide(f, x32 | 516, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
        assert_int_equal(decide(implied, SYS_statx, 0, 0), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(decide(kills, SYS_statx, 0, 0), SECCOMP_RET_KILL_PROCESS);
#endif
}

/* libseccomp 2.5.4 never comes back from these, nor does runc 1.1.5. */
static void test_comparison_in_common(void **state) {
        _cleanup_(syscall_filter_freep) SyscallFilter *f = compile(
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": ["
                " {\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 0, \"value\": 5, \"op\": \"SCMP_CMP_LT\"},"
                " {\"index\": 1, \"value\": 7, \"op\": \"SCMP_CMP_EQ\"}]},"
                " {\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 0, \"value\": 5, \"op\": \"SCMP_CMP_LT\"},"
                " {\"index\": 2, \"value\": 7, \"op\": \"SCMP_CMP_EQ\"}]}]}");
        struct seccomp_data data = { .nr = SYS_fchmod, .arch = NATIVE, .args = { 4, 0, 7 } };

        assert_true(hits(f, 4, 7));
        assert_false(hits(f, 5, 7));
        assert_false(hits(f, 4, 6));
        assert_int_equal(run(&f->program, &data), SECCOMP_RET_ERRNO | EPERM);
}

/* Jumps of more than 255 instructions, and a program that is too long. */
static void test_long_programs(void **state) {
        json_t *object = json_pack("{s:s, s:[]}", "defaultAction", "SCMP_ACT_ALLOW", "syscalls");

        for (int n = 1; n <= 1000; n++) {
                _cleanup_(syscall_filter_freep) SyscallFilter *f = NULL;
                _cleanup_error_ Error error = ERROR_INIT;
                int r;

                assert_int_equal(json_array_append_new(json_object_get(object, "syscalls"),
                                                       json_pack("{s:[s], s:s, s:i, s:[{s:i, s:I, s:s}]}", "names",
                                                                 n % 2 ? "fchmod" : "fchown", "action", "SCMP_ACT_ERRNO",
                                                                 "errnoRet", n, "args", "index", 0, "value",
                                                                 (json_int_t) n * 1000, "op", "SCMP_CMP_EQ")), 0);
                if (n % 100 != 0)
                        continue;
                r = syscall_filter_compile(object, &f, &error);
                if (n > 800) {
                        assert_int_equal(r, -E2BIG);
                        continue;
                }
                assert_int_equal(r, 0);
                for (int i = 1; i <= n; i++) {
                        assert_int_equal(decide(f, i % 2 ? SYS_fchmod : SYS_fchown, (uint64_t) i * 1000, 0),
                                         SECCOMP_RET_ERRNO | (unsigned) i);
                        assert_int_equal(decide(f, i % 2 ? SYS_fchown : SYS_fchmod, (uint64_t) i * 1000, 0), SECCOMP_RET_ALLOW);
                }
        }
        json_decref(object);
}

static void test_refused(void **state) {
        static const char *const texts[] = {
                "{}",
                "{\"defaultAction\": \"SCMP_ACT_NONE\"}",
                "{\"defaultAction\": \"SCMP_ACT_NOTIFY\"}",
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"defaultErrnoRet\": 1}",
                "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 65536}",
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": [\"X\"]}",
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": [\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}",
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"X86\"]}",
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"listenerMetadata\": \"x\"}",
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"action\": \"SCMP_ACT_KILL\"}]}",
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"read\"]}]}",
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_NOTIFY\"}]}",
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_TRAP\", \"errnoRet\": 1}]}",
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_TRAP\", \"args\": [{\"index\": 6, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}]}",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_error_ Error error = ERROR_INIT;
                json_t *object = parse(texts[i]);
                SyscallFilter *f = NULL;

                assert_true(syscall_filter_compile(object, &f, &error) < 0);
                assert_true(error_is_set(&error));
                assert_null(f);
                json_decref(object);
        }
}

static bool same_program(const SyscallFilter *a, const SyscallFilter *b) {
        return a->program.len == b->program.len && a->flags == b->flags && a->notifies == b->notifies &&
               memcmp(a->program.filter, b->program.filter, a->program.len * sizeof(struct sock_filter)) == 0;
}

static int get(int parent, const char *container, const char *text, SyscallFilter **ret) {
        _cleanup_error_ Error error = ERROR_INIT;
        json_t *object = parse(text);
        int fd, r;

        assert_true(mkdirat(parent, container, 0700) >= 0);
        fd = openat(parent, container, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        r = syscall_cache_get(fd, "seccomp.bpf", object, ret, &error);
        assert_true(unlinkat(fd, "seccomp.bpf", 0) >= 0);
        close(fd);
        json_decref(object);
        assert_true(unlinkat(parent, container, AT_REMOVEDIR) >= 0);
        return r;
}

static void test_cache(void **state) {
        test_needs(SYS_seccomp);
        static const char text[] = "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"listenerPath\": \"/one\", \"syscalls\":"
                                   " [{\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_NOTIFY\"}]}",
                          other[] = "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"listenerPath\": \"/two\", \"syscalls\":"
                                    " [{\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_NOTIFY\"}]}",
                          third[] = "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\":"
                                    " [{\"names\": [\"fchmod\"], \"action\": \"SCMP_ACT_KILL\"}]}";
        _cleanup_(syscall_filter_freep) SyscallFilter *made = NULL, *found = NULL, *same = NULL, *different = NULL;
        char path[] = "/tmp/test-syscall-filter.XXXXXX";
        int fd;

        assert_non_null(mkdtemp(path));
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(get(fd, "a", text, &made), 0);
        assert_null(made->file);
        assert_int_equal(get(fd, "a", text, &found), 0);
        assert_non_null(found->file);
        assert_true(same_program(made, found));
        /* Who listens makes no difference, the rules do. */
        assert_int_equal(get(fd, "b", other, &same), 0);
        assert_non_null(same->file);
        assert_int_equal(get(fd, "c", third, &different), 0);
        assert_null(different->file);
        assert_false(same_program(made, different));
        close(fd);

        char command[128];
        snprintf(command, sizeof(command), "rm -r %s", path);
        assert_int_equal(system(command), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_actions),           cmocka_unit_test(test_default),
                cmocka_unit_test(test_operators),         cmocka_unit_test(test_several_arguments),
                cmocka_unit_test(test_architectures),     cmocka_unit_test(test_refused),
                cmocka_unit_test(test_cache),
                cmocka_unit_test(test_x32),               cmocka_unit_test(test_calls_in_one),
                cmocka_unit_test(test_values_too_wide),   cmocka_unit_test(test_which_rule_counts),
                cmocka_unit_test(test_comparison_in_common), cmocka_unit_test(test_long_programs), cmocka_unit_test(test_newer_calls),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
