/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <linux/bpf.h>

#include "config.h"
#include "field.h"

/* linux.resources in the words of cgroup v2. The specification still speaks
 * v1; the translation is the one of its document cgroup-v2 and of crun. */

#define RESOURCES_MAX 256
#define DEVICE_RULES_MAX 1024

static int add(Config *c, const char *file, const char *controller, const char *where, const char *value, Error *error) {
        if (!value)
                return error_set_errno(error, ENOMEM, "%s", where);
        if (c->n_resources >= RESOURCES_MAX)
                return error_set(error, E2BIG, "InvalidConfig", "linux.resources: more than %d values", RESOURCES_MAX);
        c->resources[c->n_resources++] = (ConfigResource){ file, value, controller, where };
        return 0;
}

/* A limit: -1 is "max". */
static int add_limit(Config *c, const char *file, const char *controller, const char *where, int64_t value, Error *error) {
        return add(c, file, controller, where,
                   value < 0 ? "max" : arena_printf(&c->arena, "%" PRIi64, value), error);
}

static bool has(const json_t *object, const char *key) {
        const json_t *value = json_object_get(object, key);

        return value && !json_is_null(value);
}

static int parse_pids(Config *c, const json_t *resources, Error *error) {
        const json_t *object;
        int64_t limit = 0;
        int r;

        r = field_object(resources, "linux.resources.pids", &object, error);
        if (r < 0 || !object || !has(object, "limit"))
                return r;
        r = field_i64(object, "linux.resources.pids.limit", INT64_MIN, INT64_MAX, &limit, error);
        if (r < 0 || limit == 0) /* 0 is what engines send for "not set" */
                return r;
        return add_limit(c, "pids.max", "pids", "linux.resources.pids.limit", limit, error);
}

static int parse_memory(Config *c, const json_t *resources, Error *error) {
        int64_t limit = 0, reservation = 0, swap = 0;
        const json_t *object;
        int r;

        r = field_object(resources, "linux.resources.memory", &object, error);
        if (r < 0 || !object)
                return r;
        if ((r = field_i64(object, "linux.resources.memory.limit", -1, INT64_MAX, &limit, error)) < 0 ||
            (r = field_i64(object, "linux.resources.memory.reservation", -1, INT64_MAX, &reservation, error)) < 0 ||
            (r = field_i64(object, "linux.resources.memory.swap", -1, INT64_MAX, &swap, error)) < 0)
                return r;

        if (limit != 0 &&
            (r = add_limit(c, "memory.max", "memory", "linux.resources.memory.limit", limit, error)) < 0)
                return r;
        if (reservation != 0 && (r = add_limit(c, "memory.low", "memory", "linux.resources.memory.reservation",
                                               reservation, error)) < 0)
                return r;
        if (swap == 0)
                return 0;

        /* v1 counts memory and swap together, v2 swap alone. */
        if (swap > 0 && (limit <= 0 || swap < limit))
                return field_invalid("linux.resources.memory.swap",
                                     "counts memory and swap together, so it needs a limit and cannot be below it", error);
        return add_limit(c, "memory.swap.max", "memory", "linux.resources.memory.swap", swap < 0 ? -1 : swap - limit,
                         error);
}

static int parse_cpu(Config *c, const json_t *resources, Error *error) {
        uint64_t shares = 0, period = 0, burst = 0;
        const char *cpus = NULL, *mems = NULL;
        int64_t quota = 0, idle = 0;
        const json_t *object;
        int r;

        r = field_object(resources, "linux.resources.cpu", &object, error);
        if (r < 0 || !object)
                return r;
        if ((r = field_u64(object, "linux.resources.cpu.shares", UINT64_MAX, &shares, error)) < 0 ||
            (r = field_i64(object, "linux.resources.cpu.quota", -1, INT64_MAX, &quota, error)) < 0 ||
            (r = field_u64(object, "linux.resources.cpu.period", UINT64_MAX, &period, error)) < 0 ||
            (r = field_u64(object, "linux.resources.cpu.burst", UINT64_MAX, &burst, error)) < 0 ||
            (r = field_i64(object, "linux.resources.cpu.idle", 0, 1, &idle, error)) < 0 ||
            (r = field_string(object, "linux.resources.cpu.cpus", &cpus, error)) < 0 ||
            (r = field_string(object, "linux.resources.cpu.mems", &mems, error)) < 0)
                return r;

        if (has(object, "idle") &&
            (r = add_limit(c, "cpu.idle", "cpu", "linux.resources.cpu.idle", idle, error)) < 0)
                return r;
        if (shares != 0 && idle == 0) {
                /* [2, 262144] onto [1, 10000]. */
                uint64_t s = MAX(shares, (uint64_t) 2);

                s = MIN(s, (uint64_t) 262144);
                r = add(c, "cpu.weight", "cpu", "linux.resources.cpu.shares",
                        arena_printf(&c->arena, "%" PRIu64, 1 + (s - 2) * 9999 / 262142), error);
                if (r < 0)
                        return r;
        }
        if (quota != 0 || period != 0) {
                const char *value = quota > 0 ? arena_printf(&c->arena, "%" PRIi64 " %" PRIu64, quota, period ?: 100000)
                                              : arena_printf(&c->arena, "max %" PRIu64, period ?: 100000);
                r = add(c, "cpu.max", "cpu", "linux.resources.cpu.quota", value, error);
                if (r < 0)
                        return r;
        }
        if (burst != 0 && (r = add(c, "cpu.max.burst", "cpu", "linux.resources.cpu.burst",
                                   arena_printf(&c->arena, "%" PRIu64, burst), error)) < 0)
                return r;
        if (!isempty(cpus) && (r = add(c, "cpuset.cpus", "cpuset", "linux.resources.cpu.cpus", cpus, error)) < 0)
                return r;
        if (!isempty(mems) && (r = add(c, "cpuset.mems", "cpuset", "linux.resources.cpu.mems", mems, error)) < 0)
                return r;
        return 0;
}

static int parse_device_rule(ConfigDeviceRule *rule, const json_t *object, Error *error) {
        const char *type = NULL, *access = "rwm";
        int r;

        if (!json_is_object(object))
                return field_invalid("linux.resources.devices", "each must be an object", error);
        rule->major = rule->minor = -1;
        if ((r = field_bool(object, "linux.resources.devices.allow", &rule->allow, error)) < 0 ||
            (r = field_string(object, "linux.resources.devices.type", &type, error)) < 0 ||
            (r = field_i64(object, "linux.resources.devices.major", -1, UINT32_MAX, &rule->major, error)) < 0 ||
            (r = field_i64(object, "linux.resources.devices.minor", -1, UINT32_MAX, &rule->minor, error)) < 0 ||
            (r = field_string(object, "linux.resources.devices.access", &access, error)) < 0)
                return r;
        if (isempty(type) || streq(type, "a"))
                rule->type = BPF_DEVCG_DEV_BLOCK | BPF_DEVCG_DEV_CHAR;
        else if (streq(type, "b"))
                rule->type = BPF_DEVCG_DEV_BLOCK;
        else if (streq(type, "c") || streq(type, "u"))
                rule->type = BPF_DEVCG_DEV_CHAR;
        else
                return error_set(error, EINVAL, "InvalidConfig", "linux.resources.devices: unknown type \"%s\"", type);
        for (const char *p = access; *p; p++) {
                if (*p != 'r' && *p != 'w' && *p != 'm')
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "linux.resources.devices: access \"%s\" is not made of r, w and m", access);
                rule->access |= *p == 'r' ? BPF_DEVCG_ACC_READ : *p == 'w' ? BPF_DEVCG_ACC_WRITE : BPF_DEVCG_ACC_MKNOD;
        }
        return 0;
}

static int parse_device_rules(Config *c, const json_t *resources, Error *error) {
        const json_t *array;
        int r;

        r = field_array(resources, "linux.resources.devices", &array, error);
        if (r < 0 || !array)
                return r;
        if (json_array_size(array) > DEVICE_RULES_MAX)
                return error_set(error, E2BIG, "InvalidConfig", "linux.resources.devices: more than %d rules",
                                 DEVICE_RULES_MAX);
        c->n_device_rules = json_array_size(array);
        c->device_rules = arena_new(&c->arena, ConfigDeviceRule, c->n_device_rules);
        if (!c->device_rules)
                return error_set_errno(error, ENOMEM, "linux.resources.devices");
        for (size_t i = 0; i < c->n_device_rules; i++) {
                r = parse_device_rule(c->device_rules + i, json_array_get(array, i), error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int parse_unified(Config *c, const json_t *resources, Error *error) {
        const json_t *object;
        const char *key;
        json_t *value;
        int r;

        r = field_object(resources, "linux.resources.unified", &object, error);
        if (r < 0 || !object)
                return r;
        json_object_foreach((json_t *) object, key, value) {
                const char *dot = strchr(key, '.');
                char *controller;

                /* A file of the cgroup itself, nothing else. */
                if (!dot || dot == key || strchr(key, '/'))
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "linux.resources.unified: \"%s\" is no cgroup file", key);
                if (!json_is_string(value))
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "linux.resources.unified: \"%s\" must be a string", key);
                controller = arena_printf(&c->arena, "%.*s", (int) (dot - key), key);
                if (!controller)
                        return error_set_errno(error, ENOMEM, "linux.resources.unified");
                r = add(c, key, streq(controller, "cgroup") ? NULL : controller, "linux.resources.unified",
                        json_string_value(value), error);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What has an effect only if it is there, and is not done yet: never silently
 * left out. */
static int refuse_unsupported(const json_t *resources, Error *error) {
        static const char *const keys[] = { "blockIO", "hugepageLimits", "network", "rdma" };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const json_t *value = json_object_get(resources, keys[i]);

                if (json_object_size(value) > 0 || json_array_size(value) > 0)
                        return error_set(error, EOPNOTSUPP, "NotSupported",
                                         "linux.resources.%s is not supported yet: use linux.resources.unified", keys[i]);
        }
        return 0;
}

int config_parse_resources(Config *c, const json_t *object, Error *error) {
        int r;

        c->resources = arena_new(&c->arena, ConfigResource, RESOURCES_MAX);
        if (!c->resources)
                return error_set_errno(error, ENOMEM, "linux.resources");
        if ((r = refuse_unsupported(object, error)) < 0 ||
            (r = parse_device_rules(c, object, error)) < 0 ||
            (r = parse_pids(c, object, error)) < 0 ||
            (r = parse_memory(c, object, error)) < 0 ||
            (r = parse_cpu(c, object, error)) < 0)
                return r;
        /* Last: what is said in v2's own words wins. */
        return parse_unified(c, object, error);
}
