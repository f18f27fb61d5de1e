/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "config-resources.h"
#include "field.h"

#define WEIGHT_MIN 10
#define WEIGHT_MAX 1000

uint64_t config_weight_of_block_io(uint64_t weight) {
        weight = MAX(weight, (uint64_t) WEIGHT_MIN);
        weight = MIN(weight, (uint64_t) WEIGHT_MAX);
        return 1 + (weight - WEIGHT_MIN) * 9999 / 990;
}

static int check_weight(uint64_t weight, const char *where, Error *error) {
        if (weight != 0 && (weight < WEIGHT_MIN || weight > WEIGHT_MAX))
                return error_set(error, ERANGE, "InvalidConfig", "%s must be from %d to %d", where, WEIGHT_MIN, WEIGHT_MAX);
        return 0;
}

/* The scheduler BFQ has v1's range in a file of its own; without it the kernel's
 * cost model has v2's. device: "8:16 ", or "" for all. */
static int add_weight(Config *c, const char *device, uint64_t weight, const char *where, Error *error) {
        int r;

        r = config_add_resource(c, "io.bfq.weight", "io", where, arena_printf(&c->arena, "%s%" PRIu64, device, weight),
                                RESOURCE_OR_NEXT, error);
        if (r < 0)
                return r;
        return config_add_resource(c, "io.weight", "io", where,
                                   arena_printf(&c->arena, "%s%" PRIu64, device, config_weight_of_block_io(weight)), 0,
                                   error);
}

static int parse_device(const json_t *object, const char *where, uint32_t *ret_major, uint32_t *ret_minor, Error *error) {
        int r;

        if (!json_is_object(object))
                return error_set(error, EINVAL, "InvalidConfig", "%s: each must be an object", where);
        *ret_major = *ret_minor = 0;
        r = field_u32(object, "major", ret_major, error);
        if (r >= 0)
                r = field_u32(object, "minor", ret_minor, error);
        return r < 0 ? error_prefix(error, "%s", where) : 0;
}

static int parse_weights(Config *c, const json_t *object, Error *error) {
        static const char where[] = "linux.resources.blockIO.weightDevice";
        const json_t *array;
        uint64_t weight = 0, leaf = 0;
        int r;

        if ((r = field_u64(object, "linux.resources.blockIO.weight", UINT16_MAX, &weight, error)) < 0 ||
            (r = check_weight(weight, "linux.resources.blockIO.weight", error)) < 0 ||
            (r = field_u64(object, "linux.resources.blockIO.leafWeight", UINT16_MAX, &leaf, error)) < 0)
                return r;
        if (leaf != 0)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "linux.resources.blockIO.leafWeight: cannot set leaf_weight with cgroupv2");
        if (weight != 0 && (r = add_weight(c, "", weight, "linux.resources.blockIO.weight", error)) < 0)
                return r;

        r = field_array(object, where, &array, error);
        for (size_t i = 0; r >= 0 && i < json_array_size(array); i++) {
                const json_t *entry = json_array_get(array, i);
                uint32_t major, minor;

                weight = 0;
                /* A leafWeight says something about what v2 has not got: it is left out, as by crun and runc. */
                if ((r = parse_device(entry, where, &major, &minor, error)) < 0 ||
                    (r = field_u64(entry, "linux.resources.blockIO.weightDevice.weight", UINT16_MAX, &weight, error)) < 0 ||
                    (r = check_weight(weight, "linux.resources.blockIO.weightDevice.weight", error)) < 0 || weight == 0)
                        continue;

                const char *device = arena_printf(&c->arena, "%" PRIu32 ":%" PRIu32 " ", major, minor);
                r = device ? add_weight(c, device, weight, where, error) : error_set_errno(error, ENOMEM, "%s", where);
        }
        return r;
}

int config_parse_block_io(Config *c, const json_t *resources, Error *error) {
        static const struct {
                const char *where, *key;
        } throttles[] = {
                { "linux.resources.blockIO.throttleReadBpsDevice", "rbps" },
                { "linux.resources.blockIO.throttleWriteBpsDevice", "wbps" },
                { "linux.resources.blockIO.throttleReadIOPSDevice", "riops" },
                { "linux.resources.blockIO.throttleWriteIOPSDevice", "wiops" },
        };
        const json_t *object, *array;
        int r;

        r = field_object(resources, "linux.resources.blockIO", &object, error);
        if (r < 0 || !object)
                return r;
        r = parse_weights(c, object, error);
        for (size_t t = 0; r >= 0 && t < ELEMENTSOF(throttles); t++) {
                const char *where = throttles[t].where;

                r = field_array(object, where, &array, error);
                for (size_t i = 0; r >= 0 && i < json_array_size(array); i++) {
                        const json_t *entry = json_array_get(array, i);
                        uint32_t major, minor;
                        uint64_t rate = 0;

                        if ((r = parse_device(entry, where, &major, &minor, error)) < 0)
                                break;
                        r = field_u64(entry, "rate", UINT64_MAX, &rate, error);
                        if (r < 0)
                                return error_prefix(error, "%s", where);
                        /* 0 lifts a limit in v1. One device per write. */
                        r = config_add_resource(c, "io.max", "io", where,
                                                rate == 0 ? arena_printf(&c->arena, "%" PRIu32 ":%" PRIu32 " %s=max", major,
                                                                         minor, throttles[t].key)
                                                          : arena_printf(&c->arena, "%" PRIu32 ":%" PRIu32 " %s=%" PRIu64,
                                                                         major, minor, throttles[t].key, rate),
                                                0, error);
                }
        }
        return r;
}
