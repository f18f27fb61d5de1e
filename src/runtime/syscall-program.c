/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <endian.h>
#include <linux/seccomp.h>
#include <stddef.h>

#include "syscall-program.h"

/* A conditional jump reaches 255 instructions on, and one of its targets may have
 * to be led there by a jump in front of the other. */
#define REACH (UINT8_MAX - 1)

/* The program, from its end to its beginning: all jumps lead forward, so what an
 * instruction leads to is there before it. A place is the index of an instruction,
 * counted from the end. */
typedef struct Builder {
        struct sock_filter *code;
        unsigned n;
        bool too_long, no_memory;
        Arena *arena;
} Builder;

/* Where a call ends: at a place, or in an action, which is short enough to be
 * written again where it is needed. */
typedef struct Target {
        bool is_place;
        uint32_t value;
} Target;

static Target action(uint32_t value) { return (Target){ false, value }; }
static Target place(uint32_t value) { return (Target){ true, value }; }

static bool target_equal(Target a, Target b) {
        return a.is_place == b.is_place && a.value == b.value;
}

static Target emit(Builder *b, struct sock_filter instruction) {
        if (b->n >= BPF_MAXINSNS) {
                b->too_long = true;
                return place(b->n - 1);
        }
        b->code[b->n] = instruction;
        return place(b->n++);
}

static bool within_reach(const Builder *b, uint32_t at) {
        return b->n - at <= REACH;
}

/* A place that the next two instructions reach. */
static Target reach(Builder *b, Target target) {
        if (!target.is_place) {
                for (unsigned i = b->n; i-- > 0 && within_reach(b, i);)
                        if (b->code[i].code == (BPF_RET | BPF_K) && b->code[i].k == target.value)
                                return place(i);
                return emit(b, (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, target.value));
        }
        return within_reach(b, target.value)
                       ? target
                       : emit(b, (struct sock_filter) BPF_STMT(BPF_JMP | BPF_JA, b->n - target.value - 1));
}

static Target emit_jump(Builder *b, unsigned comparison, uint32_t k, Target yes, Target no) {
        if (target_equal(yes, no))
                return yes;
        yes = reach(b, yes);
        no = reach(b, no);
        return emit(b, (struct sock_filter) BPF_JUMP((uint16_t) (BPF_JMP | comparison | BPF_K), k,
                                                     (uint8_t) (b->n - yes.value - 1), (uint8_t) (b->n - no.value - 1)));
}

/* An instruction that goes on to the next. */
static Target emit_before(Builder *b, uint16_t code, uint32_t k, Target next) {
        if (!next.is_place)
                (void) emit(b, (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, next.value));
        else if (next.value != b->n - 1)
                (void) emit(b, (struct sock_filter) BPF_STMT(BPF_JMP | BPF_JA, b->n - next.value - 1));
        return emit(b, (struct sock_filter) BPF_STMT(code, k));
}

static Target emit_load(Builder *b, size_t offset, Target next) {
        return emit_before(b, BPF_LD | BPF_W | BPF_ABS, (uint32_t) offset, next);
}

static size_t half_offset(const SyscallTest *test, bool upper) {
        return offsetof(struct seccomp_data, args) + test->argument * sizeof(uint64_t) +
               (upper == (__BYTE_ORDER == __LITTLE_ENDIAN) ? sizeof(uint32_t) : 0);
}

static Target emit_half(Builder *b, const SyscallTest *test, uint64_t masks, bool upper, Target yes, Target no) {
        uint32_t mask = (uint32_t) (upper ? masks >> 32 : masks);
        uint32_t value = (uint32_t) (upper ? test->value >> 32 : test->value);
        Target t;

        if (mask == 0 || target_equal(yes, no))
                return value == 0 ? yes : no;
        t = emit_jump(b, BPF_JEQ, value, yes, no);
        if (mask != UINT32_MAX)
                t = emit_before(b, BPF_ALU | BPF_AND | BPF_K, mask, t);
        return emit_load(b, half_offset(test, upper), t);
}

/* comparison: BPF_JGE or BPF_JGT. */
static Target emit_order(Builder *b, const SyscallTest *test, unsigned comparison, Target yes, Target no) {
        uint32_t upper = (uint32_t) (test->value >> 32), lower = (uint32_t) test->value;
        Target t;

        if (target_equal(yes, no) || (comparison == BPF_JGE && test->value == 0))
                return yes;
        t = emit_load(b, half_offset(test, false), emit_jump(b, comparison, lower, yes, no));
        if (test->narrow)
                return t;
        t = emit_jump(b, BPF_JEQ, upper, t, no);
        t = emit_jump(b, BPF_JGT, upper, yes, t);
        return emit_load(b, half_offset(test, true), t);
}

static Target emit_halves(Builder *b, const SyscallTest *test, uint64_t mask, Target yes, Target no) {
        Target t = emit_half(b, test, mask, false, yes, no);

        return test->narrow ? t : emit_half(b, test, mask, true, t, no);
}

static Target emit_test(Builder *b, const SyscallTest *test, Target yes, Target no) {
        switch (test->op) {
        case SYSCALL_EQ:
                return emit_halves(b, test, UINT64_MAX, yes, no);
        case SYSCALL_NE:
                return emit_halves(b, test, UINT64_MAX, no, yes);
        case SYSCALL_MASKED_EQ:
                return emit_halves(b, test, test->mask, yes, no);
        case SYSCALL_GE:
                return emit_order(b, test, BPF_JGE, yes, no);
        case SYSCALL_LT:
                return emit_order(b, test, BPF_JGE, no, yes);
        case SYSCALL_GT:
                return emit_order(b, test, BPF_JGT, yes, no);
        case SYSCALL_LE:
                return emit_order(b, test, BPF_JGT, no, yes);
        }
        return no;
}

static Target emit_rules(Builder *b, const SyscallEntry *entry, uint32_t fallback) {
        Target no = action(fallback);

        for (size_t i = entry->n_rules; i-- > 0;) {
                const SyscallRule *rule = entry->rules[i];
                Target yes = action(rule->action);

                for (unsigned j = rule->n_tests; j-- > 0;)
                        yes = emit_test(b, rule->tests + j, yes, no);
                no = yes;
        }
        return no;
}

static bool same_rules(const SyscallEntry *a, const SyscallEntry *b) {
        if (a->n_rules != b->n_rules)
                return false;
        for (size_t i = 0; i < a->n_rules; i++)
                if (a->rules[i] != b->rules[i])
                        return false;
        return true;
}

/* Numbers from first on, up to the next range's, have one target. */
typedef struct Range {
        uint32_t first;
        Target target;
} Range;

static void add_range(Range *ranges, size_t *n, uint32_t first, Target target) {
        if (*n > 0 && ranges[*n - 1].first == first)
                (*n)--; /* it would be empty */
        if (*n == 0 || !target_equal(ranges[*n - 1].target, target))
                ranges[(*n)++] = (Range){ first, target };
}

/* The number is loaded. */
static Target emit_search(Builder *b, const Range *ranges, size_t n) {
        size_t half = n / 2;
        Target below, above;

        if (n == 1)
                return ranges->target;
        above = emit_search(b, ranges + half, n - half);
        below = emit_search(b, ranges, half);
        return emit_jump(b, BPF_JGE, ranges[half].first, above, below);
}

static Target emit_table(Builder *b, const SyscallTable *table, uint32_t fallback) {
        Range *ranges = arena_new(b->arena, Range, 2 * table->n_entries + 1);
        Target *targets = arena_new(b->arena, Target, table->n_entries + 1);
        size_t n = 0;

        if (!ranges || !targets) {
                b->no_memory = true;
                return action(fallback);
        }
        add_range(ranges, &n, 0, action(fallback));
        for (size_t i = 0; i < table->n_entries; i++) {
                const SyscallEntry *entry = table->entries + i;
                size_t like = i;

                /* Profiles give one rule to many calls: one copy of it is enough. */
                for (size_t j = 0; like == i && j < i; j++)
                        if (same_rules(entry, table->entries + j))
                                like = j;
                targets[i] = like < i ? targets[like] : emit_rules(b, entry, fallback);
                add_range(ranges, &n, entry->first, targets[i]);
                if (entry->last < UINT32_MAX)
                        add_range(ranges, &n, entry->last + 1, action(fallback));
        }
        return n == 1 ? ranges->target : emit_load(b, offsetof(struct seccomp_data, nr), emit_search(b, ranges, n));
}

int syscall_program_build(const SyscallTable *tables, size_t n_tables, uint32_t fallback, uint32_t foreign,
                          struct sock_fprog *ret, Error *error) {
        struct sock_filter *code = reallocarray(NULL, BPF_MAXINSNS, sizeof(*code));
        Arena arena = {};
        Builder b = { .code = code, .arena = &arena };
        Target next = action(foreign);

        if (!code)
                return error_set_errno(error, ENOMEM, "linux.seccomp");
        for (size_t i = n_tables; i-- > 0;)
                next = emit_jump(&b, BPF_JEQ, tables[i].arch, emit_table(&b, tables + i, fallback), next);
        (void) emit_load(&b, offsetof(struct seccomp_data, arch), next);
        arena_clear(&arena);
        if (b.no_memory || b.too_long) {
                free(code);
                return b.no_memory ? error_set_errno(error, ENOMEM, "linux.seccomp")
                                   : error_set(error, E2BIG, "InvalidConfig",
                                               "linux.seccomp: these rules need more than the %d instructions that the kernel takes",
                                               BPF_MAXINSNS);
        }
        for (unsigned i = 0; i < b.n / 2; i++) {
                struct sock_filter last = code[b.n - 1 - i];

                code[b.n - 1 - i] = code[i];
                code[i] = last;
        }
        *ret = (struct sock_fprog){ (unsigned short) b.n, code };
        return 0;
}
