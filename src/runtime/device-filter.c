/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/syscall.h>
#include <unistd.h>

#include "device-filter.h"
#include "fd.h"
#include "log.h"
#include "rootless.h"

#define ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define TYPE_ALL (BPF_DEVCG_DEV_BLOCK | BPF_DEVCG_DEV_CHAR)
#define PROGRAM_NAME "ctrrun_device"
#define PROGRAMS_MAX 64 /* the kernel's own limit of a cgroup */

/* As crun and runc have them. To make a node gives no access to the device. */
static const ConfigDeviceRule always[] = {
        { true, TYPE_ALL, BPF_DEVCG_ACC_MKNOD, -1, -1 },
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 1, 3 },    /* null */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 1, 5 },    /* zero */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 1, 7 },    /* full */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 1, 8 },    /* random */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 1, 9 },    /* urandom */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 5, 0 },    /* tty */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 5, 1 },    /* console */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 5, 2 },    /* ptmx */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 136, -1 }, /* pts */
};

bool device_filter_is_needed(const Config *c) {
        for (size_t i = 0; i < c->n_device_rules; i++)
                if (!c->device_rules[i].allow)
                        return true;
        return false;
}

static struct bpf_insn insn(unsigned code, unsigned dst, unsigned src, int offset, uint32_t value) {
        return (struct bpf_insn){ .code = (uint8_t) code, .dst_reg = (uint8_t) (dst & 15), .src_reg = (uint8_t) (src & 15),
                                  .off = (int16_t) offset, .imm = (int32_t) value };
}

/* R2: type, R3: the access that is not decided yet, R4: major, R5: minor. */
static size_t build_rule(const ConfigDeviceRule *rule, struct bpf_insn *p) {
        struct bpf_insn *start = p, *skips[4];
        size_t n_skips = 0;

        if (rule->type != TYPE_ALL)
                *(skips[n_skips++] = p++) = insn(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 0, rule->type);
        if (rule->major >= 0)
                *(skips[n_skips++] = p++) = insn(BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_4, 0, 0, (uint32_t) rule->major);
        if (rule->minor >= 0)
                *(skips[n_skips++] = p++) = insn(BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_5, 0, 0, (uint32_t) rule->minor);
        if (rule->allow) {
                *p++ = insn(BPF_ALU | BPF_AND | BPF_K, BPF_REG_3, 0, 0, ACCESS_ALL & ~rule->access);
                *(skips[n_skips++] = p++) = insn(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_3, 0, 0, 0);
        } else {
                *p++ = insn(BPF_ALU | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0);
                *p++ = insn(BPF_ALU | BPF_AND | BPF_K, BPF_REG_1, 0, 0, rule->access);
                *(skips[n_skips++] = p++) = insn(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 0, 0);
        }
        *p++ = insn(BPF_ALU | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, rule->allow);
        *p++ = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
        for (size_t i = 0; i < n_skips; i++)
                skips[i]->off = (int16_t) (p - skips[i] - 1);
        return (size_t) (p - start);
}

size_t device_filter_build(const ConfigDeviceRule *rules, size_t n, struct bpf_insn *ret) {
        const int access_type = offsetof(struct bpf_cgroup_dev_ctx, access_type);
        struct bpf_insn *p = ret;

        *p++ = insn(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_1, access_type, 0);
        *p++ = insn(BPF_ALU | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_3, 0, 0);
        *p++ = insn(BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
        *p++ = insn(BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
        *p++ = insn(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_4, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
        *p++ = insn(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_5, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
        while (n-- > 0)
                p += build_rule(rules + n, p);
        *p++ = insn(BPF_ALU | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1);
        *p++ = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
        return (size_t) (p - ret);
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr) {
        long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

        return r < 0 ? -errno : (int) r;
}

static uint64_t pointer(const void *p) {
        return (uint64_t) (uintptr_t) p;
}

static int load(const Config *c) {
        size_t n = c->n_device_rules + ELEMENTSOF(always);
        _cleanup_free_ ConfigDeviceRule *rules = calloc(n, sizeof(*rules));
        _cleanup_free_ struct bpf_insn *program = calloc(DEVICE_FILTER_SIZE(n), sizeof(*program));
        union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .license = pointer("GPL"),
                                .insns = pointer(program), .prog_name = PROGRAM_NAME };

        if (!rules || !program)
                return -ENOMEM;
        memcpy(rules, c->device_rules, c->n_device_rules * sizeof(*rules));
        memcpy(rules + c->n_device_rules, always, sizeof(always));
        attr.insn_cnt = (uint32_t) device_filter_build(rules, n, program);
        return bpf(BPF_PROG_LOAD, &attr);
}

static bool is_own(int program) {
        struct bpf_prog_info info = {};
        union bpf_attr attr = { .info = { .bpf_fd = (uint32_t) program, .info_len = sizeof(info), .info = pointer(&info) } };

        return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) >= 0 && streq(info.name, PROGRAM_NAME);
}

typedef struct Programs {
        uint32_t ids[PROGRAMS_MAX];
        size_t n;
} Programs;

static void find_programs(int cgroup, Programs *ret) {
        union bpf_attr query = { .query = { .target_fd = (uint32_t) cgroup, .attach_type = BPF_CGROUP_DEVICE,
                                            .prog_ids = pointer(ret->ids), .prog_cnt = ELEMENTSOF(ret->ids) } };

        ret->n = bpf(BPF_PROG_QUERY, &query) < 0 ? 0 : query.query.prog_cnt;
}

/* All programs of a group must agree to an access: one of an earlier container in
 * the same group, or of before an update, would go on forbidding. Others' stay. */
static void detach_own(int cgroup, const Programs *programs) {
        for (size_t i = 0; i < programs->n; i++) {
                union bpf_attr get = { .prog_id = programs->ids[i] };
                _cleanup_fd_ int fd = bpf(BPF_PROG_GET_FD_BY_ID, &get);
                union bpf_attr detach = { .target_fd = (uint32_t) cgroup, .attach_bpf_fd = (uint32_t) fd,
                                          .attach_type = BPF_CGROUP_DEVICE };

                if (fd >= 0 && is_own(fd))
                        (void) bpf(BPF_PROG_DETACH, &detach);
        }
}

int device_filter_attach(const Config *c, int cgroup, bool is_new, Error *error) {
        _cleanup_fd_ int program = -EBADF;
        Programs old;
        int r;

        old.n = 0;
        if (!is_new)
                find_programs(cgroup, &old);
        if (!device_filter_is_needed(c)) {
                detach_own(cgroup, &old);
                return 0;
        }
        r = program = load(c);
        if (r >= 0) {
                union bpf_attr attr = { .target_fd = (uint32_t) cgroup, .attach_bpf_fd = (uint32_t) program,
                                        .attach_type = BPF_CGROUP_DEVICE, .attach_flags = BPF_F_ALLOW_MULTI };

                r = bpf(BPF_PROG_ATTACH, &attr);
        }
        if (r >= 0) {
                detach_own(cgroup, &old); /* only now: there is no instant without a rule */
                return 0;
        }
        /* In a user namespace nobody can make a node; what there is was put
         * there by the config, and has its permissions. */
        if ((r == -EPERM || r == -ENOSYS) &&
            (c->namespaces[NAMESPACE_USER].present || rootless_is_expected(ROOTLESS_AUTO))) {
                log_debug("linux.resources.devices: %s: left to the permissions of the device nodes", strerror(-r));
                return 0;
        }
        return error_set_errno(error, r,
                               "linux.resources.devices: the rules need a BPF program, which cannot be loaded here (%s)",
                               r == -EPERM ? "leave them out, or give the container a user namespace" : "bpf(2)");
}
