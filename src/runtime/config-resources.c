/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>

#include "config-resources.h"
#include "field.h"

#define RESOURCES_MAX 1024

int config_add_resource(Config *c, const char *file, const char *controller, const char *where, const char *value,
                        unsigned flags, Error *error) {
        if (!value || !file)
                return error_set_errno(error, ENOMEM, "%s", where);
        if (c->n_resources >= RESOURCES_MAX)
                return error_set(error, E2BIG, "InvalidConfig", "linux.resources: more than %d values", RESOURCES_MAX);
        /* At 8, 16, 32 … the list moves. */
        if (c->n_resources == 0 || (c->n_resources >= 8 && (c->n_resources & (c->n_resources - 1)) == 0)) {
                ConfigResource *l = arena_new(&c->arena, ConfigResource, MAX(2 * c->n_resources, (size_t) 8));

                if (!l)
                        return error_set_errno(error, ENOMEM, "%s", where);
                if (c->n_resources > 0)
                        memcpy(l, c->resources, c->n_resources * sizeof(*l));
                c->resources = l;
        }
        c->resources[c->n_resources++] = (ConfigResource){ file, value, controller, where, flags };
        return 0;
}

bool config_has_field(const json_t *object, const char *key) {
        const json_t *value = json_object_get(object, key);

        return value && !json_is_null(value);
}

static int parse_pids(Config *c, const json_t *resources, Error *error) {
        const json_t *object;
        int64_t limit = 0;
        int r;

        r = field_object(resources, "linux.resources.pids", &object, error);
        if (r < 0 || !object)
                return r;
        r = field_i64(object, "linux.resources.pids.limit", INT64_MIN, INT64_MAX, &limit, error);
        if (r < 0 || limit == 0) /* 0 is what engines send for "not set" */
                return r;
        return config_add_resource(c, "pids.max", "pids", "linux.resources.pids.limit",
                                   limit < 0 ? "max" : arena_printf(&c->arena, "%" PRIi64, limit), 0, error);
}

/* "2MB": part of a file's name. */
static bool is_page_size(const char *s) {
        size_t n = strspn(s, "0123456789");

        return n > 0 && n < 8 && s[0] != '0' && strchr("KMG", s[n] ?: '-') && streq(s + n + 1, "B");
}

static int parse_huge_pages(Config *c, const json_t *resources, Error *error) {
        static const char where[] = "linux.resources.hugepageLimits";
        const json_t *array;
        int r;

        r = field_array(resources, where, &array, error);
        for (size_t i = 0; r >= 0 && i < json_array_size(array); i++) {
                const json_t *entry = json_array_get(array, i);
                const char *size = NULL, *value;
                uint64_t limit = 0;

                if (!json_is_object(entry))
                        return field_invalid(where, "each must be an object", error);
                if ((r = field_string(entry, "linux.resources.hugepageLimits.pageSize", &size, error)) < 0 ||
                    (r = field_u64(entry, "linux.resources.hugepageLimits.limit", UINT64_MAX, &limit, error)) < 0)
                        return r;
                if (!size || !is_page_size(size))
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "%s: pageSize \"%s\" has not the form of 64KB, 2MB or 1GB", where, strempty(size));
                value = arena_printf(&c->arena, "%" PRIu64, limit);
                r = config_add_resource(c, arena_printf(&c->arena, "hugetlb.%s.max", size), "hugetlb", where, value, 0, error);
                /* What is reserved, which faults when it is used: since Linux 5.7. */
                if (r >= 0)
                        r = config_add_resource(c, arena_printf(&c->arena, "hugetlb.%s.rsvd.max", size), "hugetlb", where,
                                                value, RESOURCE_OPTIONAL, error);
        }
        return r;
}

static int parse_rdma(Config *c, const json_t *resources, Error *error) {
        static const char where[] = "linux.resources.rdma";
        const json_t *object;
        const char *device;
        json_t *entry;
        int r;

        r = field_object(resources, where, &object, error);
        if (r < 0 || !object)
                return r;
        json_object_foreach((json_t *) object, device, entry) {
                uint32_t handles = 0, objects = 0;
                char h[32] = "", o[32] = "";

                if (!*device || strpbrk(device, " \n\t=") || !json_is_object(entry))
                        return error_set(error, EINVAL, "InvalidConfig", "%s: \"%s\" is no device with limits", where, device);
                if ((r = field_u32(entry, "linux.resources.rdma.hcaHandles", &handles, error)) < 0 ||
                    (r = field_u32(entry, "linux.resources.rdma.hcaObjects", &objects, error)) < 0)
                        return r;
                if (config_has_field(entry, "hcaHandles"))
                        snprintf(h, sizeof(h), " hca_handle=%" PRIu32, handles);
                if (config_has_field(entry, "hcaObjects"))
                        snprintf(o, sizeof(o), " hca_object=%" PRIu32, objects);
                if (!*h && !*o)
                        continue;
                r = config_add_resource(c, "rdma.max", "rdma", where, arena_printf(&c->arena, "%s%s%s", device, h, o), 0,
                                        error);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* net_cls and net_prio are v1's alone. */
static int parse_network(const json_t *resources, Error *error) {
        const json_t *object, *priorities;
        uint32_t class = 0;
        int r;

        r = field_object(resources, "linux.resources.network", &object, error);
        if (r < 0 || !object)
                return r;
        if ((r = field_u32(object, "linux.resources.network.classID", &class, error)) < 0 ||
            (r = field_array(object, "linux.resources.network.priorities", &priorities, error)) < 0)
                return r;
        if (class != 0 || json_array_size(priorities) > 0)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "linux.resources.network: network limits not supported on cgroupv2");
        return 0;
}

/* The kernel takes one device or event per write. */
static int add_lines(Config *c, const char *key, const char *controller, const char *value, Error *error) {
        static const char where[] = "linux.resources.unified";
        int r = 0;

        if (!strchr(value, '\n'))
                return config_add_resource(c, key, controller, where, value, 0, error);
        for (const char *p = value; r >= 0 && *p;) {
                size_t n = strcspn(p, "\n");

                if (n > 0)
                        r = config_add_resource(c, key, controller, where, arena_printf(&c->arena, "%.*s", (int) n, p), 0,
                                                error);
                p += n + (p[n] == '\n');
        }
        return r;
}

/* What stands before the dot gets into cgroup.subtree_control, where a blank
 * would begin another word. */
static bool is_file_name(const char *s) {
        return s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] == 0;
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
                if (!is_file_name(key))
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "linux.resources.unified: key `%s` must be a file name without any slash", key);
                if (!dot || dot == key)
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "linux.resources.unified: the specified key has not the form CONTROLLER.VALUE `%s`", key);
                if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "linux.resources.unified: \"%s\" must be a string", key);
                controller = arena_printf(&c->arena, "%.*s", (int) (dot - key), key);
                if (!controller)
                        return error_set_errno(error, ENOMEM, "linux.resources.unified");
                /* cgroup.* and the pressure files are there without any controller. */
                r = add_lines(c, key, streq(controller, "cgroup") || endswith(key, ".pressure") ? NULL : controller,
                              json_string_value(value), error);
                if (r < 0)
                        return r;
        }
        return 0;
}

int config_parse_resources(Config *c, const json_t *object, Error *error) {
        int r;

        if ((r = config_parse_device_rules(c, object, error)) < 0 ||
            (r = parse_network(object, error)) < 0 ||
            (r = parse_pids(c, object, error)) < 0 ||
            (r = config_parse_memory(c, object, error)) < 0 ||
            (r = config_parse_cpu(c, object, error)) < 0 ||
            (r = config_parse_block_io(c, object, error)) < 0 ||
            (r = parse_huge_pages(c, object, error)) < 0 ||
            (r = parse_rdma(c, object, error)) < 0)
                return r;
        /* Last: what is said in v2's own words wins. */
        return parse_unified(c, object, error);
}
