/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "field.h"
#include "syscall-filter.h"
#include "syscall-table.h"

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

static const struct {
        const char *name;
        SyscallOperator op;
} operators[] = {
        { "SCMP_CMP_NE", SYSCALL_NE }, { "SCMP_CMP_LT", SYSCALL_LT },
        { "SCMP_CMP_LE", SYSCALL_LE }, { "SCMP_CMP_EQ", SYSCALL_EQ },
        { "SCMP_CMP_GE", SYSCALL_GE }, { "SCMP_CMP_GT", SYSCALL_GT },
        { "SCMP_CMP_MASKED_EQ", SYSCALL_MASKED_EQ },
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
                highest = actions[i].action == SECCOMP_RET_ERRNO ? 4094 : 0xffff;
                if (errnum > highest)
                        return error_set(error, ERANGE, "InvalidConfig", "%s is out of range: %u is the highest", where, highest);
                *ret = actions[i].action | (actions[i].takes_errno ? errnum : 0);
                return 0;
        }
        return error_set(error, EINVAL, "InvalidConfig", "linux.seccomp: unknown action \"%s\"", name);
}

/* Those that came after the first kernels that have any. */
static int check_available(uint32_t action, const char *name, Error *error) {
        uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

        if ((kind == SECCOMP_RET_KILL_PROCESS || kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_USER_NOTIF) &&
            syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kind) < 0 && errno == EOPNOTSUPP)
                return error_set(error, EOPNOTSUPP, "NotSupported", "linux.seccomp: the kernel does not know %s", name);
        return 0;
}

/* What is built from: the filter's rules as they are read. */
typedef struct Reader {
        Arena *arena;
        uint32_t default_action;
        uint32_t architectures[ELEMENTSOF(architectures)];
        size_t n_architectures, n_implied;
        SyscallNamedRules *rules;
        size_t n_rules;
} Reader;

static void add_architecture(Reader *reader, uint32_t arch) {
        for (size_t i = 0; i < reader->n_architectures; i++)
                if (reader->architectures[i] == arch)
                        return;
        reader->architectures[reader->n_architectures++] = arch;
}

/* The native one is always among them, and the first. */
static int read_architectures(Reader *reader, const json_t *object, Error *error) {
        char *const *names = NULL;
        int r;

        r = field_strv(object, "linux.seccomp.architectures", reader->arena, &names, error);
        if (r < 0)
                return r;
        add_architecture(reader, seccomp_arch_native());
        reader->n_implied = 1;
        for (; names && *names; names++) {
                uint32_t arch = 0;

                for (size_t i = 0; i < ELEMENTSOF(architectures); i++)
                        if (streq(*names, architectures[i].name))
                                arch = architectures[i].arch;
                if (arch == 0)
                        return error_set(error, EINVAL, "InvalidConfig", "linux.seccomp: unknown architecture \"%s\"",
                                         *names);
                add_architecture(reader, arch);
                if (arch == reader->architectures[0])
                        reader->n_implied = 0;
        }
        return 0;
}

/* value is what is compared with; of MASKED_EQ it is the mask, and valueTwo is. */
static int parse_argument(const json_t *object, SyscallTest *ret, Error *error) {
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
                        bool masked = operators[i].op == SYSCALL_MASKED_EQ;

                        *ret = (SyscallTest){
                                .argument = (unsigned) index,
                                .op = operators[i].op,
                                .value = masked ? two : value,
                                .mask = masked ? value : 0,
                        };
                        return 0;
                }
        return error_set(error, EINVAL, "InvalidConfig", "linux.seccomp: unknown operator \"%s\"", strempty(name));
}

/* All must hold; where one argument comes twice, any one is enough: so do runc and crun. */
static int read_tests(Reader *reader, const json_t *args, uint32_t action, SyscallNamedRules *ret, Error *error) {
        SyscallRule rule = { .action = action };
        SyscallRule *rules;
        bool repeated = false;
        int r;

        if (json_array_size(args) > ELEMENTSOF(rule.tests))
                return field_invalid("linux.seccomp.syscalls.args", "a system call has six arguments", error);
        for (size_t i = 0; i < json_array_size(args); i++) {
                r = parse_argument(json_array_get(args, i), rule.tests + i, error);
                if (r < 0)
                        return r;
                for (unsigned j = 0; j < rule.n_tests; j++)
                        repeated |= rule.tests[j].argument == rule.tests[i].argument;
                rule.n_tests++;
        }
        ret->n_rules = repeated ? rule.n_tests : 1;
        ret->rules = rules = arena_new(reader->arena, SyscallRule, ret->n_rules);
        if (!rules)
                return error_set_errno(error, ENOMEM, "linux.seccomp");
        rules[0] = rule;
        for (unsigned i = 0; repeated && i < rule.n_tests; i++)
                rules[i] = (SyscallRule){ .action = action, .tests[0] = rule.tests[i], .n_tests = 1 };
        return 0;
}

static int read_rule(Reader *reader, const json_t *entry, SyscallFilter *f, Error *error) {
        SyscallNamedRules *ret = reader->rules + reader->n_rules;
        const char *name = NULL;
        char *const *names = NULL;
        const json_t *args;
        uint32_t action;
        int r;

        if (!json_is_object(entry))
                return field_invalid("linux.seccomp.syscalls", "each must be an object", error);
        if ((r = field_strv(entry, "linux.seccomp.syscalls.names", reader->arena, &names, error)) < 0 ||
            (r = field_string(entry, "linux.seccomp.syscalls.action", &name, error)) < 0 ||
            (r = field_array(entry, "linux.seccomp.syscalls.args", &args, error)) < 0)
                return r;
        if (!names)
                return field_missing("linux.seccomp.syscalls.names", error);
        if (!name)
                return field_missing("linux.seccomp.syscalls.action", error);
        if ((r = parse_action(entry, name, "linux.seccomp.syscalls.errnoRet", &action, error)) < 0 ||
            (r = check_available(action, name, error)) < 0 ||
            (r = read_tests(reader, args, action, ret, error)) < 0)
                return r;
        f->notifies |= action == SECCOMP_RET_USER_NOTIF;
        ret->names = names;
        reader->n_rules++;
        return 0;
}

static int read_rules(Reader *reader, const json_t *object, SyscallFilter *f, Error *error) {
        const json_t *syscalls;
        int r;

        r = field_array(object, "linux.seccomp.syscalls", &syscalls, error);
        if (r < 0)
                return r;
        reader->rules = arena_new(reader->arena, SyscallNamedRules, json_array_size(syscalls));
        if (!reader->rules)
                return error_set_errno(error, ENOMEM, "linux.seccomp");
        for (size_t i = 0; i < json_array_size(syscalls); i++) {
                r = read_rule(reader, json_array_get(syscalls, i), f, error);
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

static int build(const Reader *reader, SyscallFilter *f, Error *error) {
        SyscallTable tables[ELEMENTSOF(architectures)];
        size_t n;
        int r;

        /* Calls of an architecture that is not asked for: as libseccomp has it. */
        const uint32_t foreign = SECCOMP_RET_KILL_THREAD;

        r = syscall_tables_build(reader->arena, reader->architectures, reader->n_architectures, reader->n_implied,
                                 reader->rules, reader->n_rules, reader->default_action, foreign, tables, &n, error);
        return r < 0 ? r : syscall_program_build(tables, n, reader->default_action, foreign, &f->program, error);
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
        Arena arena = {};
        Reader reader = { .arena = &arena };
        int r;

        f = calloc(1, sizeof(*f));
        if (!f)
                return error_set_errno(error, ENOMEM, "linux.seccomp");
        r = field_string(object, "linux.seccomp.defaultAction", &action, error);
        if (r < 0)
                return r;
        if (!action)
                return field_missing("linux.seccomp.defaultAction", error);
        if ((r = parse_action(object, action, "linux.seccomp.defaultErrnoRet", &reader.default_action, error)) < 0 ||
            (r = check_available(reader.default_action, action, error)) < 0)
                return r;
        f->notifies = reader.default_action == SECCOMP_RET_USER_NOTIF;

        r = field_strv(object, "linux.seccomp.flags", &arena, &words, error);
        if (r >= 0)
                r = parse_flags(words, f, error);
        if (r >= 0)
                r = read_architectures(&reader, object, error);
        if (r >= 0)
                r = read_rules(&reader, object, f, error);
        if (r >= 0)
                r = check(f, object, error);
        if (r >= 0)
                r = build(&reader, f, error);
        arena_clear(&arena);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}
