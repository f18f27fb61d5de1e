/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "device-filter.h"
#include "test.h"

#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define M BPF_DEVCG_ACC_MKNOD
#define CHAR BPF_DEVCG_DEV_CHAR
#define BLOCK BPF_DEVCG_DEV_BLOCK

/* As much of the kernel's machine as the programs need. */
static bool run(const struct bpf_insn *program, size_t n, const struct bpf_cgroup_dev_ctx *context) {
        uint64_t r[6] = {};

        for (size_t pc = 0, steps = 0; pc < n; pc++) {
                const struct bpf_insn *i = program + pc;
                uint32_t a = (uint32_t) r[i->dst_reg], k = (uint32_t) i->imm;

                assert_true(steps++ < n);
                switch (i->code) {
                case BPF_LDX | BPF_MEM | BPF_W:
                        assert_int_equal(i->src_reg, BPF_REG_1);
                        r[i->dst_reg] = ((const uint32_t *) context)[i->off / 4];
                        break;
                case BPF_ALU | BPF_MOV | BPF_X:
                        r[i->dst_reg] = (uint32_t) r[i->src_reg];
                        break;
                case BPF_ALU | BPF_MOV | BPF_K:
                        r[i->dst_reg] = k;
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                        r[i->dst_reg] = a & k;
                        break;
                case BPF_ALU | BPF_RSH | BPF_K:
                        r[i->dst_reg] = a >> k;
                        break;
                case BPF_JMP | BPF_JNE | BPF_K:
                case BPF_JMP32 | BPF_JNE | BPF_K:
                        pc += a != k ? (size_t) i->off : 0;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        pc += a == k ? (size_t) i->off : 0;
                        break;
                case BPF_JMP | BPF_EXIT:
                        return r[0];
                default:
                        fail_msg("instruction 0x%x", i->code);
                }
        }
        fail_msg("no end");
        return false;
}

static bool decide(const ConfigDeviceRule *rules, size_t n, uint32_t type, uint32_t access, uint32_t major, uint32_t minor) {
        const struct bpf_cgroup_dev_ctx context = { .access_type = access << 16 | type, .major = major, .minor = minor };
        struct bpf_insn program[DEVICE_FILTER_SIZE(8)];
        size_t length;

        assert_true(n <= 8);
        length = device_filter_build(rules, n, program);
        assert_true(length <= DEVICE_FILTER_SIZE(n));
        return run(program, length, &context);
}

static void nothing_is_forbidden_without_rules(void **state) {
        assert_true(decide(NULL, 0, CHAR, R | W | M, 1, 1));
}

static void deny_all_but(void **state) {
        static const ConfigDeviceRule rules[] = {
                { false, CHAR | BLOCK, R | W | M, -1, -1 },
                { true, CHAR, R | W, 10, 200 },
                { true, BLOCK, R, 8, -1 },
        };

        assert_true(decide(rules, 3, CHAR, R | W, 10, 200));
        assert_true(decide(rules, 3, CHAR, W, 10, 200));
        assert_false(decide(rules, 3, CHAR, W | M, 10, 200));
        assert_false(decide(rules, 3, BLOCK, R, 10, 200));
        assert_false(decide(rules, 3, CHAR, R, 10, 201));
        assert_false(decide(rules, 3, CHAR, R, 11, 200));
        assert_true(decide(rules, 3, BLOCK, R, 8, 17));
        assert_false(decide(rules, 3, BLOCK, R | W, 8, 17));
}

static void each_access_by_its_last_rule(void **state) {
        static const ConfigDeviceRule rules[] = {
                { false, CHAR | BLOCK, R | W | M, -1, -1 },
                { true, CHAR, R, 1, 1 },
                { true, CHAR, W, 1, -1 },
                { false, CHAR, W, 1, 2 },
        };

        assert_true(decide(rules, 4, CHAR, R | W, 1, 1));
        assert_false(decide(rules, 4, CHAR, W, 1, 2));
        assert_true(decide(rules, 4, CHAR, W, 1, 3));
        assert_false(decide(rules, 4, CHAR, R | W, 1, 3));
}

/* Against the rule read aloud. */
static bool expected(const ConfigDeviceRule *rules, size_t n, uint32_t type, uint32_t access, uint32_t major, uint32_t minor) {
        for (uint32_t bit = M; bit <= W; bit <<= 1) {
                bool allowed = true;

                for (size_t i = 0; (access & bit) && i < n; i++)
                        if ((rules[i].type & type) && (rules[i].access & bit) &&
                            (rules[i].major < 0 || rules[i].major == major) && (rules[i].minor < 0 || rules[i].minor == minor))
                                allowed = rules[i].allow;
                if (!allowed)
                        return false;
        }
        return true;
}

static void any_rules(void **state) {
        for (unsigned round = 0; round < 20000; round++) {
                ConfigDeviceRule rules[8];
                size_t n = test_random() % 9;

                for (size_t i = 0; i < n; i++)
                        rules[i] = (ConfigDeviceRule){ test_random() & 1, 1 + test_random() % 3, test_random() & 7,
                                                       (int64_t) (test_random() % 3) - 1, (int64_t) (test_random() % 3) - 1 };
                uint32_t type = test_random() & 1 ? CHAR : BLOCK, access = 1 + test_random() % 7;
                uint32_t major = test_random() & 1, minor = test_random() & 1;

                assert_int_equal(decide(rules, n, type, access, major, minor),
                                 expected(rules, n, type, access, major, minor));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(nothing_is_forbidden_without_rules),
                T(deny_all_but),
                T(each_access_by_its_last_rule),
                T(any_rules),
        };

        return cmocka_run_group_tests_name("device-filter", tests, NULL, NULL);
}
