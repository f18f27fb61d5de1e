/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/file.h>

#include "cgroup.h"
#include "creation.h"
#include "device-filter.h"
#include "fd.h"
#include "field.h"
#include "file.h"
#include "json-text.h"
#include "resource-write.h"
#include "unit-bus.h"
#include "update.h"

#define FILE_NAME "resources.json" /* all that was set, from the second time on */
#define SIZE_MAX_RESOURCES (4 * 1024 * 1024)

static bool is_nothing(const char *key, const json_t *value) {
        if (json_is_integer(value))
                return json_integer_value(value) == 0 && !streq(key, "idle");
        return json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
}

static void drop_nothings(json_t *object) {
        const char *section, *key;
        json_t *entry, *value;
        void *safe, *safe_inner;

        json_object_foreach_safe(object, safe, section, entry) {
                if (json_is_null(entry))
                        json_object_del(object, section);
                if (!json_is_object(entry) || streq(section, "unified") || streq(section, "rdma"))
                        continue;
                json_object_foreach_safe(entry, safe_inner, key, value)
                        if (is_nothing(key, value))
                                json_object_del(entry, key);
        }
}

static void take_over(json_t *to, const json_t *from, const char *key) {
        json_t *value = json_object_get(from, key);

        if (json_is_object(to) && !json_object_get(to, key) && json_is_integer(value) && json_integer_value(value) != 0)
                json_object_set(to, key, value);
}

void update_complete(json_t *resources, const json_t *saved) {
        const json_t *old_cpu = json_object_get(saved, "cpu"), *old_memory = json_object_get(saved, "memory");
        json_t *cpu = json_object_get(resources, "cpu"), *memory = json_object_get(resources, "memory");

        drop_nothings(resources);
        /* cpu.max holds both. */
        if (json_object_get(cpu, "quota") || json_object_get(cpu, "period")) {
                take_over(cpu, old_cpu, "quota");
                take_over(cpu, old_cpu, "period");
        }
        /* v1 counts memory and swap together, and memory.swap.max does not. */
        if (json_integer_value(json_object_get(memory, "swap")) > 0)
                take_over(memory, old_memory, "limit");
}

static int load_saved(const Container *c, const Config *config, json_t **ret, Error *error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = file_read(c->fd, FILE_NAME, SIZE_MAX_RESOURCES, &text, &size);
        if (r == -ENOENT) {
                const json_t *resources = json_object_get(json_object_get(config->document, "linux"), "resources");

                *ret = resources ? json_deep_copy(resources) : json_object();
                return *ret ? 0 : error_set_errno(error, ENOMEM, "resources");
        }
        if (r < 0)
                return error_set_errno(error, r, "reading %s/" FILE_NAME, c->directory);
        *ret = field_load(text, size, FILE_NAME, error);
        return *ret ? 0 : -EINVAL;
}

static int save(const Container *c, json_t *saved, json_t *resources, Error *error) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_object_update_recursive(saved, resources);
        text = r < 0 ? NULL : json_text(saved, JSON_COMPACT);
        r = text ? file_write_atomic(c->fd, FILE_NAME, text, strlen(text), 0600) : -ENOMEM;
        return r < 0 ? error_set_errno(error, r, "writing %s/" FILE_NAME, c->directory) : 0;
}

static int apply(const Container *c, Config *config, int fd, Error *error) {
        _cleanup_(unit_bus_freep) UnitBus *bus = NULL;
        UnitProperties properties = {};
        int r;

        if (config->n_resources > 0)
                resource_enable_controllers(c->cgroup, fd);
        r = resource_check(config, c->cgroup, fd, error);
        if (r < 0)
                return r;
        if (c->scope) {
                if ((r = unit_properties_limits(config, &properties, error)) < 0 ||
                    (properties.n > 0 && ((r = unit_bus_connect(&bus, error)) < 0 ||
                                          (r = unit_bus_set(bus, c->scope, &properties, error)) < 0)))
                        return r;
        }
        r = resource_write_all(config, c->cgroup, fd, error);
        if (r < 0 || config->n_device_rules == 0)
                return r;
        return device_filter_attach(config, fd, false, error);
}

int update_container(const Container *c, json_t *resources, Error *error) {
        _cleanup_fd_ int fd = c->cgroup ? cgroup_open(c->cgroup) : -ENOENT;
        _cleanup_(config_freep) Config *config = NULL;
        Config changes = {};
        json_t *saved = NULL;
        int r;

        if (fd < 0)
                return error_set_errno(error, fd, "container %s has no cgroup whose limits could be changed", c->id);
        /* One after the other: each builds on the one before. */
        while (flock(c->fd, LOCK_EX) < 0 && errno == EINTR)
                ;
        if ((r = creation_load_config(c, &config, error)) < 0 || (r = load_saved(c, config, &saved, error)) < 0)
                return r;
        memcpy(changes.namespaces, config->namespaces, sizeof(changes.namespaces));
        update_complete(resources, saved);
        r = config_parse_resources(&changes, resources, error);
        if (r >= 0)
                r = apply(c, &changes, fd, error);
        if (r >= 0)
                r = save(c, saved, resources, error);
        arena_clear(&changes.arena);
        json_decref(saved);
        return r;
}
