/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "config-resources.h"
#include "field.h"

#define PERIOD_DEFAULT_USEC 100000

typedef struct Cpu {
        uint64_t shares, period, burst, realtime_period;
        int64_t quota, idle, realtime_runtime;
        const char *cpus, *mems;
} Cpu;

uint64_t config_weight_of_shares(uint64_t shares) {
        shares = MAX(shares, (uint64_t) 2);
        shares = MIN(shares, (uint64_t) 262144);
        return 1 + (shares - 2) * 9999 / 262142;
}

static int add(Config *c, const char *file, const char *where, const char *value, unsigned flags, Error *error) {
        return config_add_resource(c, file, "cpu", where, value, flags, error);
}

static int add_weight(Config *c, const Cpu *cpu, bool has_idle, Error *error) {
        int r;

        if (has_idle) {
                r = add(c, "cpu.idle", "linux.resources.cpu.idle", cpu->idle ? "1" : "0", 0, error);
                if (r < 0)
                        return r;
        }
        /* The kernel gives an idle group a weight of its own and takes no other. */
        if (cpu->shares == 0 || cpu->idle != 0)
                return 0;
        return add(c, "cpu.weight", "linux.resources.cpu.shares",
                   arena_printf(&c->arena, "%" PRIu64, config_weight_of_shares(cpu->shares)), 0, error);
}

static int add_bandwidth(Config *c, const Cpu *cpu, Error *error) {
        const char *burst = cpu->burst != 0 ? arena_printf(&c->arena, "%" PRIu64, cpu->burst) : "", *value;
        uint64_t period = cpu->period ?: PERIOD_DEFAULT_USEC;
        bool has_quota = cpu->quota != 0 || cpu->period != 0;
        int r;

        if (!burst)
                return error_set_errno(error, ENOMEM, "linux.resources.cpu.burst");
        /* A burst may not be above the quota: one that is to shrink goes first, one
         * that is to grow last. Which it is shows in whether the kernel takes it. */
        if (*burst && has_quota &&
            (r = add(c, "cpu.max.burst", "linux.resources.cpu.burst", burst, RESOURCE_TRY, error)) < 0)
                return r;
        if (has_quota) {
                value = cpu->quota > 0 ? arena_printf(&c->arena, "%" PRIi64 " %" PRIu64, cpu->quota, period)
                                       : arena_printf(&c->arena, "max %" PRIu64, period);
                r = add(c, "cpu.max", "linux.resources.cpu.quota", value, 0, error);
                if (r < 0)
                        return r;
        }
        return *burst ? add(c, "cpu.max.burst", "linux.resources.cpu.burst", burst, 0, error) : 0;
}

static int add_set(Config *c, const char *file, const char *where, const char *value, Error *error) {
        return isempty(value) ? 0 : config_add_resource(c, file, "cpuset", where, value, 0, error);
}

int config_parse_cpu(Config *c, const json_t *resources, Error *error) {
        const json_t *object;
        Cpu cpu = {};
        int r;

        r = field_object(resources, "linux.resources.cpu", &object, error);
        if (r < 0 || !object)
                return r;
        if ((r = field_u64(object, "linux.resources.cpu.shares", UINT64_MAX, &cpu.shares, error)) < 0 ||
            (r = field_i64(object, "linux.resources.cpu.quota", -1, INT64_MAX, &cpu.quota, error)) < 0 ||
            (r = field_u64(object, "linux.resources.cpu.period", UINT64_MAX, &cpu.period, error)) < 0 ||
            (r = field_u64(object, "linux.resources.cpu.burst", UINT64_MAX, &cpu.burst, error)) < 0 ||
            (r = field_i64(object, "linux.resources.cpu.idle", 0, 1, &cpu.idle, error)) < 0 ||
            (r = field_i64(object, "linux.resources.cpu.realtimeRuntime", INT64_MIN, INT64_MAX, &cpu.realtime_runtime, error)) < 0 ||
            (r = field_u64(object, "linux.resources.cpu.realtimePeriod", UINT64_MAX, &cpu.realtime_period, error)) < 0 ||
            (r = field_string(object, "linux.resources.cpu.cpus", &cpu.cpus, error)) < 0 ||
            (r = field_string(object, "linux.resources.cpu.mems", &cpu.mems, error)) < 0)
                return r;
        if (cpu.realtime_period != 0)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "linux.resources.cpu.realtimePeriod: realtime period not supported on cgroupv2");
        if (cpu.realtime_runtime != 0)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "linux.resources.cpu.realtimeRuntime: realtime runtime not supported on cgroupv2");
        if ((r = add_weight(c, &cpu, config_has_field(object, "idle"), error)) < 0 ||
            (r = add_bandwidth(c, &cpu, error)) < 0 ||
            (r = add_set(c, "cpuset.cpus", "linux.resources.cpu.cpus", cpu.cpus, error)) < 0)
                return r;
        return add_set(c, "cpuset.mems", "linux.resources.cpu.mems", cpu.mems, error);
}
