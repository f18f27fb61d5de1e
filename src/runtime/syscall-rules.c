/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fd.h"
#include "field.h"
#include "syscall-filter.h"

#define PROGRAM_MAX (4096 * sizeof(struct sock_filter)) /* BPF_MAXINSNS */

static const struct {
        const char *name;
        uint32_t action;
        bool takes_errno;
} actions[] = {
        { "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, false },
        { "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, false },
        { "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false },
        { "SCMP_ACT_TRAP", SCMP_ACT_TRAP, false },
        { "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), true },
        { "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0), true },
        { "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, false },
        { "SCMP_ACT_LOG", SCMP_ACT_LOG, false },
        { "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY, false },
};

static const struct {
        const char *name;
        enum scmp_compare compare;
} operators[] = {
        { "SCMP_CMP_NE", SCMP_CMP_NE }, { "SCMP_CMP_LT", SCMP_CMP_LT },
        { "SCMP_CMP_LE", SCMP_CMP_LE }, { "SCMP_CMP_EQ", SCMP_CMP_EQ },
        { "SCMP_CMP_GE", SCMP_CMP_GE }, { "SCMP_CMP_GT", SCMP_CMP_GT },
        { "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
};

static const struct {
        const char *name;
        unsigned flag;
} flags[] = {
        { "SECCOMP_FILTER_FLAG_TSYNC", 0 }, /* there is one thread */
        { "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
        { "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
        { "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

static const struct {
        const char *name;
        uint32_t arch;
} architectures[] = {
        { "SCMP_ARCH_X86", SCMP_ARCH_X86 }, { "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 },
        { "SCMP_ARCH_X32", SCMP_ARCH_X32 }, { "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
        { "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 }, { "SCMP_ARCH_MIPS", SCMP_ARCH_MIPS },
        { "SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64 }, { "SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32 },
        { "SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL }, { "SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64 },
        { "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 }, { "SCMP_ARCH_PPC", SCMP_ARCH_PPC },
        { "SCMP_ARCH_PPC64", SCMP_ARCH_PPC64 }, { "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE },
        { "SCMP_ARCH_S390", SCMP_ARCH_S390 }, { "SCMP_ARCH_S390X", SCMP_ARCH_S390X },
        { "SCMP_ARCH_PARISC", SCMP_ARCH_PARISC }, { "SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64 },
        { "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64 },
};

const char *syscall_filter_action_name(size_t i) {
        return i < ELEMENTSOF(actions) ? actions[i].name : NULL;
}

const char *syscall_filter_operator_name(size_t i) {
        return i < ELEMENTSOF(operators) ? operators[i].name : NULL;
}

const char *syscall_filter_arch_name(size_t i) {
        return i < ELEMENTSOF(architectures) ? architectures[i].name : NULL;
}

const char *syscall_filter_flag_name(size_t i) {
        return i < ELEMENTSOF(flags) ? flags[i].name : NULL;
}

/* where: the field of the error number, which object may have. It is EPERM
 * where nothing is said, and an error with an action that has no use for one:
 * runtime-spec, config-linux.md "Seccomp". */
static int parse_action(const json_t *object, const char *name, const char *where, uint32_t *ret, Error *error) {
        bool given = json_is_integer(json_object_get(object, strrchr(where, '.') + 1));
        uint32_t errnum = EPERM, highest;
        int r;

        r = field_u32(object, where, &errnum, error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
                if (!streq(name, actions[i].name))
                        continue;
                if (given && !actions[i].takes_errno)
                        return error_set(error, EINVAL, "InvalidConfig", "%s is given, but %s returns no error", where, name);
                /* Of an error the kernel takes no more, and libseccomp one less. */
                highest = actions[i].action == SCMP_ACT_ERRNO(0) ? 4094 : 0xffff;
                if (errnum > highest)
                        return error_set(error, ERANGE, "InvalidConfig", "%s is out of range: %u is the highest", where, highest);
                *ret = actions[i].action | (actions[i].takes_errno ? errnum : 0);
                return 0;
        }
        return error_set(error, EINVAL, "InvalidConfig", "linux.seccomp: unknown action \"%s\"", name);
}

static int add_architectures(scmp_filter_ctx ctx, char *const *names, Error *error) {
        for (; names && *names; names++) {
                uint32_t arch = 0;
                int r;

                for (size_t i = 0; i < ELEMENTSOF(architectures); i++)
                        if (streq(*names, architectures[i].name))
                                arch = architectures[i].arch;
                if (arch == 0)
                        return error_set(error, EINVAL, "InvalidConfig", "linux.seccomp: unknown architecture \"%s\"",
                                         *names);
                r = seccomp_arch_add(ctx, arch);
                if (r < 0 && r != -EEXIST)
                        return error_set_errno(error, r, "linux.seccomp: adding architecture %s", *names);
        }
        return 0;
}

static int parse_argument(const json_t *object, struct scmp_arg_cmp *ret, Error *error) {
        const char *name = NULL;
        uint64_t index = 0, value = 0, two = 0;
        int r;

        if (!json_is_object(object))
                return field_invalid("linux.seccomp.syscalls.args", "each must be an object", error);
        if ((r = field_u64(object, "linux.seccomp.syscalls.args.index", 5, &index, error)) < 0 ||
            (r = field_u64(object, "linux.seccomp.syscalls.args.value", UINT64_MAX, &value, error)) < 0 ||
            (r = field_u64(object, "linux.seccomp.syscalls.args.valueTwo", UINT64_MAX, &two, error)) < 0 ||
            (r = field_string(object, "linux.seccomp.syscalls.args.op", &name, error)) < 0)
                return r;
        for (size_t i = 0; name && i < ELEMENTSOF(operators); i++)
                if (streq(name, operators[i].name)) {
                        *ret = (struct scmp_arg_cmp){ (unsigned) index, operators[i].compare, value, two };
                        return 0;
                }
        return error_set(error, EINVAL, "InvalidConfig", "linux.seccomp: unknown operator \"%s\"", strempty(name));
}

typedef struct Rule {
        uint32_t action;
        struct scmp_arg_cmp args[6];
        unsigned n_args;
        bool repeated_index; /* the same argument twice: any of them is enough */
} Rule;

static int add_rule(scmp_filter_ctx ctx, const Rule *rule, const char *name, Error *error) {
        int number = seccomp_syscall_resolve_name(name), r = 0;

        if (number == __NR_SCMP_ERROR)
                return 0;
        if (rule->repeated_index)
                for (unsigned i = 0; i < rule->n_args && r >= 0; i++)
                        r = seccomp_rule_add_array(ctx, rule->action, number, 1, rule->args + i);
        else
                r = seccomp_rule_add_array(ctx, rule->action, number, rule->n_args, rule->args);
        /* A rule on another architecture's call: nothing to filter here. */
        if (r < 0 && r != -EDOM)
                return error_set_errno(error, r, "linux.seccomp: rule for %s", name);
        return 0;
}

static int add_rules(scmp_filter_ctx ctx, Arena *arena, const json_t *entry, uint32_t default_action,
                     SyscallFilter *f, Error *error) {
        const char *action = NULL;
        char *const *names = NULL;
        const json_t *args;
        Rule rule = {};
        int r;

        if (!json_is_object(entry))
                return field_invalid("linux.seccomp.syscalls", "each must be an object", error);
        if ((r = field_strv(entry, "linux.seccomp.syscalls.names", arena, &names, error)) < 0 ||
            (r = field_string(entry, "linux.seccomp.syscalls.action", &action, error)) < 0 ||
            (r = field_array(entry, "linux.seccomp.syscalls.args", &args, error)) < 0)
                return r;
        if (!names)
                return field_missing("linux.seccomp.syscalls.names", error);
        if (!action)
                return field_missing("linux.seccomp.syscalls.action", error);
        r = parse_action(entry, action, "linux.seccomp.syscalls.errnoRet", &rule.action, error);
        if (r < 0)
                return r;
        f->notifies |= rule.action == SCMP_ACT_NOTIFY;
        /* libseccomp refuses rules that say what the default says. */
        if (rule.action == default_action)
                return 0;
        if (json_array_size(args) > ELEMENTSOF(rule.args))
                return field_invalid("linux.seccomp.syscalls.args", "a system call has six arguments", error);
        for (size_t i = 0; i < json_array_size(args); i++) {
                r = parse_argument(json_array_get(args, i), rule.args + i, error);
                if (r < 0)
                        return r;
                for (unsigned j = 0; j < rule.n_args; j++)
                        rule.repeated_index |= rule.args[j].arg == rule.args[i].arg;
                rule.n_args++;
        }
        for (; names && *names; names++) {
                r = add_rule(ctx, &rule, *names, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int parse_flags(char *const *words, SyscallFilter *f, Error *error) {
        for (; words && *words; words++) {
                bool known = false;

                for (size_t i = 0; i < ELEMENTSOF(flags); i++)
                        if (streq(*words, flags[i].name)) {
                                f->flags |= flags[i].flag;
                                known = true;
                        }
                if (!known)
                        return error_set(error, EINVAL, "InvalidConfig", "linux.seccomp: unknown flag \"%s\"", *words);
        }
        return 0;
}

static int export_program(scmp_filter_ctx ctx, SyscallFilter *f, Error *error) {
        _cleanup_fd_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
        char *data;
        size_t size;
        int r;

        if (fd < 0)
                return error_set_errno(error, errno, "linux.seccomp");
        r = seccomp_export_bpf(ctx, fd);
        if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        if (r >= 0)
                r = fd_read_all(fd, PROGRAM_MAX, &data, &size);
        if (r < 0)
                return error_set_errno(error, r, "linux.seccomp: compiling the filter");
        f->program.filter = (struct sock_filter *) (void *) data;
        f->program.len = (unsigned short) (size / sizeof(struct sock_filter));
        return 0;
}

static int build(scmp_filter_ctx ctx, Arena *arena, const json_t *object, uint32_t default_action, SyscallFilter *f,
                 Error *error) {
        char *const *names = NULL;
        const json_t *syscalls;
        int r;

        /* The runtime's own exec must pass: no_new_privs is set by us, or not. */
        (void) seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
        (void) seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        if ((r = field_strv(object, "linux.seccomp.architectures", arena, &names, error)) < 0 ||
            (r = add_architectures(ctx, names, error)) < 0 ||
            (r = field_array(object, "linux.seccomp.syscalls", &syscalls, error)) < 0)
                return r;
        for (size_t i = 0; i < json_array_size(syscalls); i++) {
                r = add_rules(ctx, arena, json_array_get(syscalls, i), default_action, f, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What only all of it together says. Who listens is told of the filter though no rule
 * asks them anything, as by crun. */
static int check(SyscallFilter *f, const json_t *object, Error *error) {
        const char *listener = NULL, *metadata = NULL;
        int r;

        if ((r = field_string(object, "linux.seccomp.listenerPath", &listener, error)) < 0 ||
            (r = field_string(object, "linux.seccomp.listenerMetadata", &metadata, error)) < 0)
                return r;
        if (f->notifies && isempty(listener))
                return error_set(error, EINVAL, "InvalidConfig",
                                 "linux.seccomp: SCMP_ACT_NOTIFY needs listenerPath, where somebody answers");
        if (isempty(listener) && !isempty(metadata))
                return error_set(error, EINVAL, "InvalidConfig",
                                 "linux.seccomp.listenerMetadata is given, but no listenerPath that it is for");
        if ((f->flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) && !f->notifies)
                return error_set(error, EINVAL, "InvalidConfig",
                                 "linux.seccomp.flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a rule with SCMP_ACT_NOTIFY");
        f->notifies |= !isempty(listener);
        return 0;
}

int syscall_filter_compile(const json_t *object, SyscallFilter **ret, Error *error) {
        _cleanup_(syscall_filter_freep) SyscallFilter *f = NULL;
        const char *action = NULL;
        char *const *words = NULL;
        uint32_t default_action;
        scmp_filter_ctx ctx;
        Arena arena = {};
        int r;

        f = calloc(1, sizeof(*f));
        if (!f)
                return error_set_errno(error, ENOMEM, "linux.seccomp");
        r = field_string(object, "linux.seccomp.defaultAction", &action, error);
        if (r < 0)
                return r;
        if (!action)
                return field_missing("linux.seccomp.defaultAction", error);
        r = parse_action(object, action, "linux.seccomp.defaultErrnoRet", &default_action, error);
        if (r < 0)
                return r;
        f->notifies = default_action == SCMP_ACT_NOTIFY;

        ctx = seccomp_init(default_action);
        if (!ctx)
                return error_set(error, EOPNOTSUPP, "NotSupported", "linux.seccomp: the kernel does not know %s", action);
        r = field_strv(object, "linux.seccomp.flags", &arena, &words, error);
        if (r >= 0)
                r = parse_flags(words, f, error);
        if (r >= 0)
                r = build(ctx, &arena, object, default_action, f, error);
        if (r >= 0)
                r = check(f, object, error);
        if (r >= 0)
                r = export_program(ctx, f, error);
        seccomp_release(ctx);
        arena_clear(&arena);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}
