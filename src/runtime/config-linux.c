/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <net/if.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>

#include "config.h"
#include "field.h"

int config_parse_id_map(Arena *arena, const json_t *object, const char *where, IdMap **ret, size_t *ret_n, Error *error) {
        const json_t *array;
        IdMap *map;
        int r;

        r = field_array(object, where, &array, error);
        if (r < 0 || !array || json_array_size(array) == 0)
                return r;

        size_t n = json_array_size(array);
        map = arena_new(arena, IdMap, n);
        if (!map)
                return error_set_errno(error, ENOMEM, "%s", where);
        for (size_t i = 0; i < n; i++) {
                const json_t *entry = json_array_get(array, i);

                if (!json_is_object(entry))
                        return field_invalid(where, "each must be an object", error);
                if ((r = field_u32(entry, "containerID", &map[i].inside, error)) < 0 ||
                    (r = field_u32(entry, "hostID", &map[i].outside, error)) < 0 ||
                    (r = field_u32(entry, "size", &map[i].count, error)) < 0)
                        return error_prefix(error, "%s", where);
        }
        if (id_map_check(map, n) < 0)
                return field_invalid(where, "is too long, empty, out of range or overlaps itself", error);
        *ret = map;
        *ret_n = n;
        return 0;
}

static int parse_namespaces(Config *c, const json_t *object, Error *error) {
        const json_t *array;
        int r;

        r = field_array(object, "linux.namespaces", &array, error);
        if (r < 0 || !array)
                return r;
        for (size_t i = 0; i < json_array_size(array); i++) {
                const json_t *entry = json_array_get(array, i);
                const char *name = NULL, *path = NULL;

                if (!json_is_object(entry))
                        return field_invalid("linux.namespaces", "each must be an object", error);
                if ((r = field_string(entry, "linux.namespaces.type", &name, error)) < 0 ||
                    (r = field_string(entry, "linux.namespaces.path", &path, error)) < 0)
                        return r;
                NamespaceType type = namespace_type_from_string(strempty(name));
                if (type < 0)
                        return error_set(error, EINVAL, "InvalidConfig", "linux.namespaces: unknown type \"%s\"",
                                         strempty(name));
                if (c->namespaces[type].present)
                        return error_set(error, EINVAL, "InvalidConfig", "linux.namespaces: %s is there twice", name);
                if (!isempty(path) && path[0] != '/')
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "linux.namespaces: path \"%s\" must be absolute", path);
                c->namespaces[type] = (ConfigNamespace){ .present = true, .path = isempty(path) ? NULL : path };
        }
        return 0;
}

static int parse_time_offsets(Config *c, const json_t *object, Error *error) {
        static const char *const clocks[] = { "monotonic", "boottime" };
        const json_t *offsets;
        int r;

        r = field_object(object, "linux.timeOffsets", &offsets, error);
        if (r < 0 || !offsets)
                return r;
        c->time_offsets = arena_new(&c->arena, ConfigTimeOffset, ELEMENTSOF(clocks));
        if (!c->time_offsets)
                return error_set_errno(error, ENOMEM, "linux.timeOffsets");
        for (size_t i = 0; i < ELEMENTSOF(clocks); i++) {
                ConfigTimeOffset *o = c->time_offsets + c->n_time_offsets;
                const json_t *entry;

                r = field_object(offsets, clocks[i], &entry, error);
                if (r < 0)
                        return error_prefix(error, "linux.timeOffsets");
                if (!entry)
                        continue;
                o->clock = clocks[i];
                if ((r = field_i64(entry, "secs", INT64_MIN, INT64_MAX, &o->secs, error)) < 0 ||
                    (r = field_u32(entry, "nanosecs", &o->nanosecs, error)) < 0)
                        return error_prefix(error, "linux.timeOffsets.%s", clocks[i]);
                c->n_time_offsets++;
        }
        return 0;
}

/* What the kernel takes for one: dev_valid_name() in net/core/dev.c. */
static bool is_link_name(const char *name) {
        size_t n = strlen(name);

        return n > 0 && n < IF_NAMESIZE && !streq(name, ".") && !streq(name, "..") && strcspn(name, "/: \t\n\v\f\r") == n;
}

static int parse_net_device(Config *c, const char *name, const json_t *object, Error *error) {
        ConfigNetDevice *d = c->net_devices + c->n_net_devices;
        int r;

        *d = (ConfigNetDevice){ name, NULL };
        if (!json_is_object(object))
                return field_invalid("linux.netDevices", "each must be an object", error);
        r = field_string(object, "linux.netDevices.name", &d->inside, error);
        if (r < 0)
                return r;
        if (isempty(d->inside))
                d->inside = name;
        if (!is_link_name(name) || !is_link_name(d->inside))
                return error_set(error, EINVAL, "InvalidConfig", "linux.netDevices: \"%s\" is no name of a network device",
                                 is_link_name(name) ? d->inside : name);
        for (size_t i = 0; i < c->n_net_devices; i++)
                if (streq(c->net_devices[i].inside, d->inside))
                        return error_set(error, EINVAL, "InvalidConfig", "linux.netDevices: two devices are to be %s", d->inside);
        c->n_net_devices++;
        return 0;
}

static int parse_net_devices(Config *c, const json_t *object, Error *error) {
        const json_t *devices;
        const char *name;
        json_t *value;
        int r;

        r = field_object(object, "linux.netDevices", &devices, error);
        if (r < 0 || json_object_size(devices) == 0)
                return r;
        c->net_devices = arena_new(&c->arena, ConfigNetDevice, json_object_size(devices));
        if (!c->net_devices)
                return error_set_errno(error, ENOMEM, "linux.netDevices");
        json_object_foreach((json_t *) devices, name, value) {
                r = parse_net_device(c, name, value, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int parse_device(ConfigDevice *d, const json_t *object, Error *error) {
        const char *type = NULL;
        uint64_t mode = 0666;
        int r;

        if (!json_is_object(object))
                return field_invalid("linux.devices", "each must be an object", error);
        if ((r = field_string(object, "linux.devices.path", &d->path, error)) < 0 ||
            (r = field_string(object, "linux.devices.type", &type, error)) < 0 ||
            (r = field_u32(object, "linux.devices.major", &d->major, error)) < 0 ||
            (r = field_u32(object, "linux.devices.minor", &d->minor, error)) < 0 ||
            (r = field_u64(object, "linux.devices.fileMode", UINT32_MAX, &mode, error)) < 0 ||
            (r = field_u32(object, "linux.devices.uid", &d->uid, error)) < 0 ||
            (r = field_u32(object, "linux.devices.gid", &d->gid, error)) < 0)
                return r;
        if (isempty(d->path) || d->path[0] != '/')
                return field_invalid("linux.devices.path", "must be an absolute path", error);
        /* Some engines give the whole st_mode. */
        d->mode = (mode_t) mode & 07777;

        if (streq_ptr(type, "c") || streq_ptr(type, "u"))
                d->type = S_IFCHR;
        else if (streq_ptr(type, "b"))
                d->type = S_IFBLK;
        else if (streq_ptr(type, "p"))
                d->type = S_IFIFO;
        else
                return error_set(error, EINVAL, "InvalidConfig", "linux.devices: unknown type \"%s\" of %s",
                                 strempty(type), d->path);
        return 0;
}

static int parse_devices(Config *c, const json_t *object, Error *error) {
        const json_t *array;
        int r;

        r = field_array(object, "linux.devices", &array, error);
        if (r < 0 || !array)
                return r;
        c->n_devices = json_array_size(array);
        c->devices = arena_new(&c->arena, ConfigDevice, c->n_devices);
        if (!c->devices)
                return error_set_errno(error, ENOMEM, "linux.devices");
        for (size_t i = 0; i < c->n_devices; i++) {
                r = parse_device(c->devices + i, json_array_get(array, i), error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int parse_sysctls(Config *c, const json_t *object, Error *error) {
        const json_t *sysctl;
        const char *key;
        json_t *value;
        int r;

        r = field_object(object, "linux.sysctl", &sysctl, error);
        if (r < 0 || !sysctl)
                return r;
        c->sysctls = arena_new(&c->arena, ConfigSysctl, json_object_size(sysctl));
        if (!c->sysctls)
                return error_set_errno(error, ENOMEM, "linux.sysctl");
        json_object_foreach((json_t *) sysctl, key, value) {
                if (!json_is_string(value))
                        return error_set(error, EINVAL, "InvalidConfig", "linux.sysctl: \"%s\" must be a string", key);
                c->sysctls[c->n_sysctls++] = (ConfigSysctl){ key, json_string_value(value) };
        }
        return 0;
}

static int parse_propagation(Config *c, const json_t *object, Error *error) {
        const char *word = NULL;
        bool recursive;
        int r;

        r = field_string(object, "linux.rootfsPropagation", &word, error);
        if (r < 0 || isempty(word))
                return r;
        if (mount_propagation_parse(word, &c->root_propagation, &recursive) < 0)
                return error_set(error, EINVAL, "InvalidConfig", "linux.rootfsPropagation: unknown value \"%s\"", word);
        return 0;
}

/* A list of lines in runtime-spec 1.3, one string in drafts of it. */
static int parse_schemata(Config *c, const json_t *object, const char **ret, Error *error) {
        static const char where[] = "linux.intelRdt.schemata";
        char *const *lines = NULL;
        int r;

        if (json_is_string(json_object_get(object, "schemata")))
                return field_string(object, where, ret, error);
        r = field_strv(object, where, &c->arena, &lines, error);
        for (; r >= 0 && lines && *lines; lines++) {
                *ret = arena_printf(&c->arena, "%s%s\n", strempty(*ret), *lines);
                if (!*ret)
                        return error_set_errno(error, ENOMEM, "%s", where);
        }
        return r;
}

static int parse_rdt(Config *c, const json_t *object, Error *error) {
        const json_t *entry;
        ConfigRdt *rdt;
        int r;

        r = field_object(object, "linux.intelRdt", &entry, error);
        if (r < 0 || !entry)
                return r;
        rdt = arena_new(&c->arena, ConfigRdt, 1);
        if (!rdt)
                return error_set_errno(error, ENOMEM, "linux.intelRdt");
        if ((r = field_string(entry, "linux.intelRdt.closID", &rdt->group, error)) < 0 ||
            (r = field_string(entry, "linux.intelRdt.l3CacheSchema", &rdt->l3, error)) < 0 ||
            (r = field_string(entry, "linux.intelRdt.memBwSchema", &rdt->bandwidth, error)) < 0 ||
            (r = parse_schemata(c, entry, &rdt->schemata, error)) < 0 ||
            (r = field_bool(entry, "linux.intelRdt.enableMonitoring", &rdt->monitor, error)) < 0)
                return r;
        if (rdt->group && (isempty(rdt->group) || strchr(rdt->group, '/') || rdt->group[0] == '.'))
                return field_invalid("linux.intelRdt.closID", "must be the name of a directory", error);
        if (rdt->bandwidth && (!startswith(rdt->bandwidth, "MB:") || strchr(rdt->bandwidth, '\n')))
                return field_invalid("linux.intelRdt.memBwSchema", "must be one line that begins with \"MB:\"", error);
        c->rdt = rdt;
        return 0;
}

static int parse_personality(Config *c, const json_t *object, Error *error) {
        const char *domain = NULL;
        const json_t *entry;
        int r;

        r = field_object(object, "linux.personality", &entry, error);
        if (r < 0 || !entry)
                return r;
        r = field_string(entry, "linux.personality.domain", &domain, error);
        if (r < 0)
                return r;
        if (!streq_ptr(domain, "LINUX") && !streq_ptr(domain, "LINUX32"))
                return error_set(error, EINVAL, "InvalidConfig", "linux.personality.domain: unknown value \"%s\"",
                                 strempty(domain));
        const json_t *flags;
        r = field_array(entry, "linux.personality.flags", &flags, error);
        if (r < 0)
                return r;
        if (flags && json_array_size(flags) > 0)
                return field_invalid("linux.personality.flags", "no flag is known", error);
        c->has_personality = true;
        c->personality = streq(domain, "LINUX32") ? PER_LINUX32 : PER_LINUX;
        return 0;
}

static int parse_paths(Config *c, const json_t *object, const char *where, char *const **ret, Error *error) {
        int r = field_strv(object, where, &c->arena, ret, error);

        for (char *const *p = *ret; r >= 0 && p && *p; p++)
                if (**p != '/')
                        r = error_set(error, EINVAL, "InvalidConfig", "%s: \"%s\" must be an absolute path", where, *p);
        return r;
}

int config_parse_linux(Config *c, const json_t *object, Error *error) {
        const json_t *resources;
        int r;

        if ((r = parse_namespaces(c, object, error)) < 0 ||
            (r = config_parse_id_map(&c->arena, object, "linux.uidMappings", &c->uids, &c->n_uids, error)) < 0 ||
            (r = config_parse_id_map(&c->arena, object, "linux.gidMappings", &c->gids, &c->n_gids, error)) < 0 ||
            (r = parse_time_offsets(c, object, error)) < 0 ||
            (r = parse_net_devices(c, object, error)) < 0 ||
            (r = parse_devices(c, object, error)) < 0 ||
            (r = field_string(object, "linux.cgroupsPath", &c->cgroups_path, error)) < 0 ||
            (r = field_object(object, "linux.resources", &resources, error)) < 0 ||
            (r = parse_sysctls(c, object, error)) < 0 ||
            (r = field_object(object, "linux.seccomp", &c->seccomp, error)) < 0 ||
            (r = parse_propagation(c, object, error)) < 0 ||
            (r = parse_paths(c, object, "linux.maskedPaths", &c->masked_paths, error)) < 0 ||
            (r = parse_paths(c, object, "linux.readonlyPaths", &c->readonly_paths, error)) < 0 ||
            (r = field_string(object, "linux.mountLabel", &c->mount_label, error)) < 0 ||
            (r = parse_personality(c, object, error)) < 0 ||
            (r = parse_rdt(c, object, error)) < 0 ||
            (r = config_parse_memory_policy(c, object, error)) < 0)
                return r;
        if (isempty(c->cgroups_path))
                c->cgroups_path = NULL;
        if (isempty(c->mount_label))
                c->mount_label = NULL;
        return resources ? config_parse_resources(c, resources, error) : 0;
}
