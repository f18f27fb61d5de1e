/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process-clone.h"

/* Enough for the whole set-up of a container, which runs on a copy of this
 * stack where namespaces are joined first. Pages never touched cost nothing. */
#define STACK_SIZE (512 * 1024)

static long clone3(struct clone_args *args) {
        return syscall(SYS_clone3, args, sizeof(*args));
}

static uint64_t pointer(const void *p) {
        return (uint64_t) (uintptr_t) p;
}

typedef struct Helper {
        const Spawn *spawn;
        void (*func)(void *arg) __attribute__((__noreturn__));
        void *arg;
        pid_t pid;
        bool joins; /* namespaces of others: the helper is born in the cgroup, where the process would not get */
        int errnum;
        const char *stage;
        Error *error;
} Helper;

/* setns(2) of all, whoever owns them: with the rights that we have now first
 * (a network namespace of the host's), and what is refused again with those
 * of the user namespace, which are full ones in the namespaces it owns. */
static int join_paths(const Spawn *spawn, Helper *helper) {
        bool joined[NAMESPACE_MAX] = {};

        for (unsigned pass = 0; pass < 2; pass++) {
                for (int i = NAMESPACE_USER + 1; i < NAMESPACE_MAX; i++) {
                        if (spawn->paths[i] < 0 || joined[i])
                                continue;
                        if (setns(spawn->paths[i], (int) namespace_type_flag((NamespaceType) i)) >= 0)
                                joined[i] = true;
                        else if (pass > 0 || spawn->paths[NAMESPACE_USER] < 0) {
                                helper->stage = namespace_type_to_string((NamespaceType) i);
                                return -errno;
                        }
                }
                if (spawn->paths[NAMESPACE_USER] < 0)
                        return 0;
                if (pass == 0 && setns(spawn->paths[NAMESPACE_USER], CLONE_NEWUSER) < 0) {
                        helper->stage = "user";
                        return -errno;
                }
        }
        return 0;
}

/* Runs in the helper: shares the caller's memory, while the caller stands
 * still; has its own credentials and namespaces. It makes the caller's child
 * (CLONE_PARENT) and ends. */
static int helper_main(void *p) {
        Helper *helper = p;
        const Spawn *spawn = helper->spawn;
        struct clone_args args = { .flags = CLONE_PARENT | spawn->new_namespaces };
        int r;

        if (spawn->prepare) {
                r = spawn->prepare(spawn->prepare_arg, helper->error);
                if (r < 0) {
                        helper->errnum = -r;
                        return 1;
                }
        }
        if (spawn->target >= 0 && setns(spawn->target, (int) spawn->target_namespaces) < 0) {
                helper->errnum = errno;
                helper->stage = "container's";
                return 1;
        }
        r = join_paths(spawn, helper);
        if (r < 0) {
                helper->errnum = -r;
                return 1;
        }

        if (!helper->joins && spawn->cgroup >= 0) {
                args.flags |= CLONE_INTO_CGROUP;
                args.cgroup = (uint64_t) spawn->cgroup;
        }
        long pid = clone3(&args);
        if (pid == 0)
                helper->func(helper->arg);
        if (pid < 0)
                helper->errnum = errno;
        helper->pid = (pid_t) pid;
        return 0;
}

/* clone3(2) as vfork: shared memory, the caller suspended, a stack of its own.
 * The C library has no wrapper for it, and clone(2) cannot place into a
 * cgroup: moving a process there afterwards waits for an RCU grace period. */
static pid_t clone_helper(Helper *helper, char *stack) {
        struct clone_args args = {
                .flags = CLONE_VM | CLONE_VFORK,
                .stack = pointer(stack),
                .stack_size = STACK_SIZE,
                .exit_signal = SIGCHLD, /* CLONE_PARENT hands it on to the child */
        };
        long r;

        if (helper->spawn->prepare)
                args.flags |= CLONE_NEWNS;
        if (helper->joins && helper->spawn->cgroup >= 0) {
                args.flags |= CLONE_INTO_CGROUP;
                args.cgroup = (uint64_t) helper->spawn->cgroup;
        }
#if defined(__x86_64__)
        register struct clone_args *a1 __asm__("rdi") = &args;
        register size_t a2 __asm__("rsi") = sizeof(args);
        register Helper *h __asm__("r12") = helper;
        register int (*f)(void *) __asm__("r13") = helper_main;

        __asm__ volatile("syscall\n\t"
                         "test %%rax, %%rax\n\t"
                         "jnz 1f\n\t"
                         "xor %%ebp, %%ebp\n\t"
                         "mov %%r12, %%rdi\n\t"
                         "call *%%r13\n\t"
                         "mov %%eax, %%edi\n\t"
                         "mov %[exit], %%eax\n\t"
                         "syscall\n\t"
                         "hlt\n\t"
                         "1:"
                         : "=a"(r)
                         : "0"((long) SYS_clone3), "r"(a1), "r"(a2), "r"(h), "r"(f), [exit] "i"(SYS_exit)
                         : "rcx", "r11", "memory", "cc");
        return (pid_t) r;
#elif defined(__aarch64__)
        register long x0 __asm__("x0") = (long) &args;
        register long x1 __asm__("x1") = (long) sizeof(args);
        register long x8 __asm__("x8") = SYS_clone3;
        register Helper *h __asm__("x20") = helper;
        register int (*f)(void *) __asm__("x21") = helper_main;

        __asm__ volatile("svc #0\n\t"
                         "cbnz x0, 1f\n\t"
                         "mov x29, #0\n\t"
                         "mov x0, x20\n\t"
                         "blr x21\n\t"
                         "mov x8, %[exit]\n\t"
                         "svc #0\n\t"
                         "1:"
                         : "+r"(x0)
                         : "r"(x1), "r"(x8), "r"(h), "r"(f), [exit] "i"(SYS_exit)
                         : "x30", "memory", "cc");
        r = x0;
        return (pid_t) r;
#else
#error "clone_helper() needs the few instructions of this architecture"
#endif
}

static bool spawn_joins(const Spawn *spawn) {
        for (int i = 0; i < NAMESPACE_MAX; i++)
                if (spawn->paths[i] >= 0)
                        return true;
        return spawn->target >= 0;
}

/* cgroup-v2.rst, "Threads": the groups below one that has processes of its own and
 * passes on threaded controllers alone are "domain invalid". */
static int creating_failed(const Spawn *spawn, int errnum, Error *error) {
        if (errnum == EOPNOTSUPP && spawn->cgroup >= 0)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "the container's cgroup can hold no processes: a cgroup above it is threaded, or has processes of its own and controllers in cgroup.subtree_control");
        return error_set_errno(error, errnum, "creating the container's process");
}

static pid_t spawn_by_helper(Spawn *spawn, void (*func)(void *) __attribute__((__noreturn__)), void *arg,
                             Error *error) {
        static char stack[STACK_SIZE] __attribute__((aligned(64)));
        Helper helper = { .spawn = spawn, .func = func, .arg = arg, .joins = spawn_joins(spawn), .error = error };
        pid_t pid;

        pid = clone_helper(&helper, stack);
        if (pid < 0)
                return creating_failed(spawn, (int) -pid, error);
        /* It gave our memory back with its last word. */
        spawn->helper = pid;
        if (helper.errnum != 0 && helper.stage)
                return error_set_errno(error, helper.errnum, "joining the %s namespace%s", helper.stage,
                                       spawn->target >= 0 ? "s" : "");
        if (helper.errnum != 0 || helper.pid <= 0)
                return creating_failed(spawn, helper.errnum ?: EIO, error);
        return helper.pid;
}

void spawn_clear(Spawn *spawn) {
        while (spawn->helper > 0 && waitpid(spawn->helper, NULL, 0) < 0 && errno == EINTR)
                ;
        spawn->helper = 0;
}

pid_t spawn_process(Spawn *spawn, void (*func)(void *arg) __attribute__((__noreturn__)), void *arg, Error *error) {
        struct clone_args args = {
                .flags = spawn->new_namespaces,
                .exit_signal = SIGCHLD,
        };

        if (spawn->prepare || spawn_joins(spawn))
                return spawn_by_helper(spawn, func, arg, error);

        if (spawn->cgroup >= 0) {
                args.flags |= CLONE_INTO_CGROUP;
                args.cgroup = (uint64_t) spawn->cgroup;
        }
        long pid = clone3(&args);
        if (pid == 0)
                func(arg);
        if (pid < 0)
                return creating_failed(spawn, errno, error);
        return (pid_t) pid;
}
