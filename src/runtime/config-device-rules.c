/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/bpf.h>

#include "config-resources.h"
#include "field.h"

#define DEVICE_RULES_MAX 1024

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

int config_parse_device_rules(Config *c, const json_t *resources, Error *error) {
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
