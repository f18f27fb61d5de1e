/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "syscall-table.h"

#define X32_FIRST UINT32_C(0x40000000) /* __X32_SYSCALL_BIT of asm/unistd.h */
#define PRIVATE_FIRST 0xf0000          /* of Arm: __ARM_NR_BASE; no kernel counts so far */
#define RANGES_MAX 3
#define N_DIRECT 512 /* numbers, among which those of 32-bit architectures are */
#define N_PARTS 225

/* A call of an architecture, and a rule for it. The order is the config's. */
typedef struct Pair {
        int number; /* libseccomp's: negative for what is part of another call */
        size_t order;
        const SyscallRule *rule;
} Pair;

typedef struct Maker {
        Arena *arena;
        const SyscallNamedRules *named;
        size_t n_named;
        uint32_t fallback, foreign;
        Pair *pairs;
        size_t n_pairs;
        SyscallEntry ranges[RANGES_MAX]; /* of numbers that no rule names */
        size_t n_ranges;
} Maker;

static bool is_unconditional(const SyscallRule *rule) {
        return rule->n_tests == 0;
}

/* The order of the kernel: KILL_PROCESS is the strictest, ALLOW the least. */
static int32_t leniency(uint32_t action) {
        return (int32_t) (action & SECCOMP_RET_ACTION_FULL);
}

static bool is_wide(uint32_t arch) {
        /* The x32 ABI has 32-bit pointers, but its calls take whole registers. */
        return arch == SCMP_ARCH_X32 ||
               ((arch & __AUDIT_ARCH_64BIT) && arch != SCMP_ARCH_MIPS64N32 && arch != SCMP_ARCH_MIPSEL64N32);
}

static bool fits_narrow(uint64_t value) {
        return value <= UINT32_MAX || value >= (uint64_t) INT32_MIN;
}

/* Returns false where the rule never holds. */
static bool narrow_rule(const SyscallRule *rule, SyscallRule *ret) {
        *ret = (SyscallRule){ .action = rule->action };
        for (unsigned i = 0; i < rule->n_tests; i++) {
                SyscallTest test = rule->tests[i];

                test.narrow = true;
                if (!fits_narrow(test.value)) {
                        if (test.op != SYSCALL_NE && test.op != SYSCALL_LT && test.op != SYSCALL_LE)
                                return false;
                        /* Always so, which does not make it a rule without conditions. */
                        test = (SyscallTest){ .op = SYSCALL_MASKED_EQ };
                }
                ret->tests[ret->n_tests++] = test;
        }
        return true;
}

/* The pseudo numbers of libseccomp: <seccomp-syscalls.h>. */
static bool is_socketcall(int number) {
        return number <= -101 && number >= -120;
}

static bool is_ipc(int number) {
        return number <= -201 && number >= -224;
}

static void add_pair(Maker *m, int number, const SyscallRule *rule) {
        m->pairs[m->n_pairs] = (Pair){ number, m->n_pairs, rule };
        m->n_pairs++;
}

static size_t count_pairs(const Maker *m) {
        size_t n = 0;

        for (size_t i = 0; i < m->n_named; i++)
                for (char *const *name = m->named[i].names; name && *name; name++)
                        n += m->named[i].n_rules;
        return n;
}

static void collect_rules(Maker *m, const SyscallNamedRules *named, const SyscallRule *rules, const bool *never,
                         uint32_t arch) {
        for (char *const *name = named->names; name && *name; name++) {
                int number = seccomp_syscall_resolve_name_arch(arch, *name);

                if (number < 0 && !is_socketcall(number) && !is_ipc(number))
                        continue;
                for (size_t i = 0; i < named->n_rules; i++)
                        if (!never || !never[i])
                                add_pair(m, number, rules + i);
        }
}

static int collect(Maker *m, uint32_t arch) {
        for (size_t i = 0; i < m->n_named; i++) {
                const SyscallNamedRules *named = m->named + i;
                SyscallRule *rules;
                bool *never;

                if (is_wide(arch)) {
                        collect_rules(m, named, named->rules, NULL, arch);
                        continue;
                }
                rules = arena_new(m->arena, SyscallRule, named->n_rules);
                never = arena_new(m->arena, bool, named->n_rules);
                if (!rules || !never)
                        return -ENOMEM;
                for (size_t j = 0; j < named->n_rules; j++)
                        never[j] = !narrow_rule(named->rules + j, rules + j);
                collect_rules(m, named, rules, never, arch);
        }
        return 0;
}

static int compare_pairs(const void *a, const void *b) {
        const Pair *x = a, *y = b;

        if (x->number != y->number)
                return x->number < y->number ? -1 : 1;
        return x->order < y->order ? -1 : x->order > y->order;
}

static int compare_leniency(const void *a, const void *b) {
        const Pair *x = a, *y = b;
        int32_t p = leniency(x->rule->action), q = leniency(y->rule->action);

        if (p != q)
                return p < q ? -1 : 1;
        return x->order < y->order ? -1 : x->order > y->order;
}

static size_t same_number(const Pair *pairs, size_t n) {
        size_t i = 1;

        while (i < n && pairs[i].number == pairs[0].number)
                i++;
        return i;
}

/* What decides alone, or NULL. */
static const SyscallRule *find_unconditional(const Pair *pairs, size_t n, uint32_t fallback) {
        for (size_t i = 0; i < n; i++)
                if (is_unconditional(pairs[i].rule) && pairs[i].rule->action != fallback)
                        return pairs[i].rule;
        return NULL;
}

static uint32_t strictest(const Pair *pairs, size_t n, uint32_t fallback) {
        const SyscallRule *rule = find_unconditional(pairs, n, fallback);
        uint32_t action = fallback;

        if (rule)
                return rule->action;
        for (size_t i = 0; i < n; i++)
                if (leniency(pairs[i].rule->action) < leniency(action))
                        action = pairs[i].rule->action;
        return action;
}

/* The numbers of their own that such calls got later (Linux 4.3, 5.1), or -1, by
 * libseccomp's number without its sign. */
static void find_direct(uint32_t arch, int direct[static N_PARTS]) {
        int base = arch == SCMP_ARCH_MIPS || arch == SCMP_ARCH_MIPSEL ? 4000 : 0;

        for (size_t i = 0; i < N_PARTS; i++)
                direct[i] = -1;
        for (int i = base; i < base + N_DIRECT; i++) {
                char *name = seccomp_syscall_resolve_num_arch(arch, i);
                int number = name ? seccomp_syscall_resolve_name_arch(arch, name) : 0;

                if (is_socketcall(number) || is_ipc(number))
                        direct[-number] = i;
                free(name);
        }
}

/* Of socketcall(2) the low half of the first argument is looked at, of ipc(2) its
 * low 16 bits: what is above them is a version. */
static int add_multiplexed(Maker *m, const Pair *pairs, size_t n, uint32_t arch, int direct) {
        bool ipc = is_ipc(pairs[0].number);
        int number = seccomp_syscall_resolve_name_arch(arch, ipc ? "ipc" : "socketcall");
        SyscallRule *rule = arena_new(m->arena, SyscallRule, 1);

        if (!rule)
                return -ENOMEM;
        *rule = (SyscallRule){
                .action = strictest(pairs, n, m->fallback),
                .n_tests = 1,
                .tests[0] = {
                        .op = SYSCALL_MASKED_EQ,
                        .value = (uint64_t) -pairs[0].number % 100,
                        .mask = ipc ? 0xffff : UINT32_MAX,
                        .narrow = true,
                },
        };
        if (number >= 0)
                add_pair(m, number, rule);
        for (size_t i = 0; direct >= 0 && i < n; i++)
                add_pair(m, direct, pairs[i].rule);
        return 0;
}

/* Leaves no negative numbers, and the pairs in order of their numbers. */
static int resolve_multiplexed(Maker *m, uint32_t arch) {
        int direct[N_PARTS];
        size_t n = 0, all;
        Pair *parts;

        qsort(m->pairs, m->n_pairs, sizeof(*m->pairs), compare_pairs);
        while (n < m->n_pairs && m->pairs[n].number < 0)
                n++;
        if (n == 0)
                return 0;
        all = m->n_pairs;
        parts = arena_new(m->arena, Pair, n);
        if (!parts)
                return -ENOMEM;
        memcpy(parts, m->pairs, n * sizeof(*parts));
        memmove(m->pairs, m->pairs + n, (all - n) * sizeof(*m->pairs));
        m->n_pairs = all - n;
        find_direct(arch, direct);
        for (size_t i = 0, k; i < n; i += k) {
                int r;

                k = same_number(parts + i, n - i);
                r = add_multiplexed(m, parts + i, k, arch, direct[-parts[i].number]);
                if (r < 0)
                        return r;
        }
        qsort(m->pairs, m->n_pairs, sizeof(*m->pairs), compare_pairs);
        return 0;
}

static int add_range(Maker *m, uint32_t first, uint32_t last, uint32_t action) {
        SyscallRule *rule = arena_new(m->arena, SyscallRule, 1);
        const SyscallRule **rules = arena_new(m->arena, const SyscallRule *, 1);

        if (!rule || !rules)
                return -ENOMEM;
        rule->action = action;
        rules[0] = rule;
        m->ranges[m->n_ranges++] = (SyscallEntry){ first, last, rules, 1 };
        return 0;
}

/* The pairs are in order. begin: of the architecture's numbers. */
static int add_newer(Maker *m, uint32_t begin) {
        uint32_t highest = 0;

        if ((m->fallback & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO || (m->fallback & SECCOMP_RET_DATA) == ENOSYS)
                return 0;
        for (size_t i = 0; i < m->n_pairs; i++) {
                uint32_t number = (uint32_t) m->pairs[i].number;

                if (number >= begin && number < begin + PRIVATE_FIRST)
                        highest = number;
        }
        return highest == 0 ? 0 : add_range(m, highest + 1, begin + PRIVATE_FIRST - 1, SECCOMP_RET_ERRNO | ENOSYS);
}

static int compare_entries(const void *a, const void *b) {
        const SyscallEntry *x = a, *y = b;

        return x->first < y->first ? -1 : x->first > y->first;
}

static int make_entry(Maker *m, Pair *pairs, size_t n, SyscallEntry *ret) {
        const SyscallRule *alone = find_unconditional(pairs, n, m->fallback);

        *ret = (SyscallEntry){ .rules = arena_new(m->arena, const SyscallRule *, n) };
        ret->first = ret->last = (uint32_t) pairs[0].number;
        if (!ret->rules)
                return -ENOMEM;
        if (alone) {
                ret->rules[ret->n_rules++] = alone;
                return 0;
        }
        qsort(pairs, n, sizeof(*pairs), compare_leniency);
        for (size_t i = 0; i < n; i++)
                if (!is_unconditional(pairs[i].rule))
                        ret->rules[ret->n_rules++] = pairs[i].rule;
        while (ret->n_rules > 0 && ret->rules[ret->n_rules - 1]->action == m->fallback)
                ret->n_rules--; /* the fallback says so too */
        return 0;
}

static int make_table(Maker *m, SyscallTable *ret) {
        SyscallEntry *entries = arena_new(m->arena, SyscallEntry, m->n_pairs + RANGES_MAX);
        size_t n = 0;

        if (!entries)
                return -ENOMEM;
        for (size_t i = 0, k; i < m->n_pairs; i += k) {
                int r;

                k = same_number(m->pairs + i, m->n_pairs - i);
                r = make_entry(m, m->pairs + i, k, entries + n);
                if (r < 0)
                        return r;
                if (entries[n].n_rules > 0)
                        n++;
        }
        memcpy(entries + n, m->ranges, m->n_ranges * sizeof(*entries));
        n += m->n_ranges;
        qsort(entries, n, sizeof(*entries), compare_entries);
        ret->entries = entries;
        ret->n_entries = n;
        return 0;
}

static bool contains(const uint32_t *architectures, size_t n, uint32_t arch) {
        for (size_t i = 0; i < n; i++)
                if (architectures[i] == arch)
                        return true;
        return false;
}

/* All of a table: an architecture, and x32, which is a range of numbers of x86-64. */
static int build_table(Maker *m, uint32_t arch, bool x32, bool listed, SyscallTable *ret) {
        int r;

        /* Each rule once for each architecture of the table and once for the call it
         * is part of. */
        m->pairs = arena_new(m->arena, Pair, 2 * (x32 ? 2 : 1) * count_pairs(m) + 1);
        if (!m->pairs)
                return -ENOMEM;
        ret->arch = arch == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : arch;
        r = collect(m, arch);
        if (r >= 0 && x32)
                r = collect(m, SCMP_ARCH_X32);
        if (r >= 0)
                r = resolve_multiplexed(m, arch);
        if (r >= 0 && listed && arch != SCMP_ARCH_X32)
                r = add_newer(m, 0);
        if (r >= 0 && (x32 || arch == SCMP_ARCH_X32))
                r = add_newer(m, X32_FIRST);
        else if (r >= 0 && arch == SCMP_ARCH_X86_64)
                r = add_range(m, X32_FIRST, UINT32_MAX - 1 /* -1 is no call of anybody's */, m->foreign);
        return r < 0 ? r : make_table(m, ret);
}

int syscall_tables_build(Arena *arena, const uint32_t *architectures, size_t n_architectures, size_t n_implied,
                         const SyscallNamedRules *rules, size_t n_rules, uint32_t fallback, uint32_t foreign,
                         SyscallTable *ret, size_t *ret_n, Error *error) {
        bool x86_64 = contains(architectures, n_architectures, SCMP_ARCH_X86_64),
             x32 = contains(architectures, n_architectures, SCMP_ARCH_X32);
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; i < n_architectures && r >= 0; i++) {
                const uint32_t arch = architectures[i];
                Maker m = { .arena = arena, .named = rules, .n_named = n_rules, .fallback = fallback, .foreign = foreign };

                if (arch == SCMP_ARCH_X32 && x86_64)
                        continue;
                r = build_table(&m, arch, arch == SCMP_ARCH_X86_64 && x32, i >= n_implied, ret + n++);
        }
        *ret_n = n;
        return r < 0 ? error_set_errno(error, r, "linux.seccomp") : 0;
}
