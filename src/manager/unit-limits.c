/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "strv.h"
#include "unit-limits.h"
#include "unit.h"

typedef struct Limit {
        const char *key;      /* of settings */
        const char *property; /* of the scope */
        size_t offset;        /* uint64_t in Settings, UINT64_MAX: not set, which systemd takes as that too */
} Limit;

#define LIMIT(key, property, field) { key, property, offsetof(Settings, field) }

static const Limit limits[] = {
        LIMIT("MemoryMax", "MemoryMax", memory_max),
        LIMIT("MemoryHigh", "MemoryHigh", memory_high),
        LIMIT("MemorySwapMax", "MemorySwapMax", memory_swap_max),
        LIMIT("CPUQuota", "CPUQuotaPerSecUSec", cpu_quota_usec_per_sec),
        LIMIT("CPUWeight", "CPUWeight", cpu_weight),
        LIMIT("IOWeight", "IOWeight", io_weight),
        LIMIT("TasksMax", "TasksMax", tasks_max),
};

bool unit_limit_exists(const char *key) {
        for (size_t i = 0; i < ELEMENTSOF(limits); i++)
                if (streq(limits[i].key, key))
                        return true;
        return streq(key, "AllowedCPUs");
}

/* A mask of bytes, the lowest CPU first. */
static int append_cpus(sd_bus_message *m, const char *cpus) {
        _cleanup_strv_ char **parts = NULL;
        uint8_t mask[128] = {};
        size_t n = 0;
        int r;

        if (strv_split(strempty(cpus), ", ", &parts) < 0)
                return -ENOMEM;
        STRV_FOREACH(p, parts) {
                unsigned first, last;
                int k = sscanf(*p, "%u-%u", &first, &last);

                if (k == 1)
                        last = first;
                if (k < 1 || first > last || last >= sizeof(mask) * 8)
                        return -EINVAL;
                for (unsigned c = first; c <= last; c++)
                        mask[c / 8] |= (uint8_t) (1 << (c % 8));
                n = MAX(n, (size_t) last / 8 + 1);
        }
        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "AllowedCPUs");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "ay");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', mask, n);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r;
}

int unit_append_limits(sd_bus_message *m, const Settings *s, char *const *keys) {
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(limits) && r >= 0; i++) {
                uint64_t value = *(const uint64_t *) ((const char *) s + limits[i].offset);

                /* systemd has a default of its own for TasksMax=, and it is not ours. */
                if (keys ? strv_contains(keys, limits[i].key) : value != UINT64_MAX || streq(limits[i].key, "TasksMax"))
                        r = sd_bus_message_append(m, "(sv)", limits[i].property, "t", value);
        }
        if (r >= 0 && (keys ? strv_contains(keys, "AllowedCPUs") : s->allowed_cpus != NULL))
                r = append_cpus(m, s->allowed_cpus);
        return r;
}

int unit_set_limits(sd_bus *bus, const char *container, const Settings *s, char *const *keys,
                    sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret) {
        sd_bus_message *m = NULL;
        char unit[UNIT_NAME_MAX];
        int r;

        unit_scope_name(container, unit);
        r = sd_bus_message_new_method_call(bus, &m, UNIT_DESTINATION, UNIT_OBJECT, UNIT_INTERFACE, "SetUnitProperties");
        if (r >= 0)
                r = sd_bus_message_append(m, "sb", unit, 1); /* with the scope they go: a new one is made with ours */
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = unit_append_limits(m, s, keys);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_call_async(bus, ret, m, handler, userdata, 0);
        sd_bus_message_unref(m);
        return r;
}

int unit_get_limits(sd_bus *bus, const char *container, sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret) {
        char unit[UNIT_NAME_MAX], *path;
        int r;

        unit_scope_name(container, unit);
        r = sd_bus_path_encode(UNIT_OBJECT "/unit", unit, &path);
        if (r < 0)
                return r;
        r = sd_bus_call_method_async(bus, ret, UNIT_DESTINATION, path, "org.freedesktop.DBus.Properties", "GetAll", handler,
                                     userdata, "s", "org.freedesktop.systemd1.Scope");
        free(path);
        return r;
}

static int set_origin(Settings *s, const char *key, const char *origin) {
        for (size_t i = 0; i < settings_keys(); i++)
                if (streq(settings_key(i).key, key)) {
                        free(s->origins[i]);
                        s->origins[i] = strdup(origin);
                        return s->origins[i] ? 0 : -ENOMEM;
                }
        return -ENOENT;
}

static int take_number(sd_bus_message *m, const Limit *limit, Settings *s, const char *origin) {
        uint64_t *field = (uint64_t *) ((char *) s + limit->offset), value;
        int r = sd_bus_message_read(m, "v", "t", &value);

        if (r < 0 || value == *field)
                return r;
        *field = value;
        return set_origin(s, limit->key, origin);
}

/* "0-3,6"; NULL for none. */
static char *format_cpus(const uint8_t *mask, size_t n) {
        _cleanup_strv_ char **parts = NULL;

        for (size_t i = 0; i < n * 8; i++) {
                size_t last = i;

                if (!(mask[i / 8] & 1 << i % 8))
                        continue;
                while (last + 1 < n * 8 && mask[(last + 1) / 8] & 1 << (last + 1) % 8)
                        last++;
                if ((last == i ? strv_extendf(&parts, "%zu", i) : strv_extendf(&parts, "%zu-%zu", i, last)) < 0)
                        return NULL;
                i = last;
        }
        return parts ? strv_join(parts, ",") : NULL;
}

static int take_cpus(sd_bus_message *m, Settings *s, const char *origin) {
        const void *mask;
        size_t n;
        int r = sd_bus_message_enter_container(m, 'v', "ay");

        if (r >= 0)
                r = sd_bus_message_read_array(m, 'y', &mask, &n);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        _cleanup_free_ char *cpus = format_cpus(mask, n);
        if (streq(strempty(cpus), strempty(s->allowed_cpus)))
                return 0;
        free(s->allowed_cpus);
        s->allowed_cpus = TAKE_PTR(cpus);
        return set_origin(s, "AllowedCPUs", origin);
}

int unit_take_limits(sd_bus_message *m, Settings *s, const char *origin) {
        const char *property;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const Limit *limit = NULL;

                r = sd_bus_message_read(m, "s", &property);
                for (size_t i = 0; i < ELEMENTSOF(limits) && r >= 0; i++)
                        if (streq(limits[i].property, property))
                                limit = limits + i;
                if (r >= 0)
                        r = limit ? take_number(m, limit, s, origin)
                            : streq(property, "AllowedCPUs") ? take_cpus(m, s, origin)
                                                             : sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}
