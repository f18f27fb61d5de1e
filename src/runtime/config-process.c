/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <strings.h>
#include <sys/resource.h>

#include "capability.h"
#include "config.h"
#include "field.h"

static const struct {
        const char *name;
        int resource;
} rlimit_names[] = {
        { "RLIMIT_AS", RLIMIT_AS },           { "RLIMIT_CORE", RLIMIT_CORE },
        { "RLIMIT_CPU", RLIMIT_CPU },         { "RLIMIT_DATA", RLIMIT_DATA },
        { "RLIMIT_FSIZE", RLIMIT_FSIZE },     { "RLIMIT_LOCKS", RLIMIT_LOCKS },
        { "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK }, { "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
        { "RLIMIT_NICE", RLIMIT_NICE },       { "RLIMIT_NOFILE", RLIMIT_NOFILE },
        { "RLIMIT_NPROC", RLIMIT_NPROC },     { "RLIMIT_RSS", RLIMIT_RSS },
        { "RLIMIT_RTPRIO", RLIMIT_RTPRIO },   { "RLIMIT_RTTIME", RLIMIT_RTTIME },
        { "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING }, { "RLIMIT_STACK", RLIMIT_STACK },
};

static int parse_rlimit(const json_t *object, ConfigRlimit *limit, Error *error) {
        int r;

        if (!json_is_object(object))
                return field_invalid("process.rlimits", "each must be an object", error);
        limit->resource = -1;
        r = field_string(object, "process.rlimits.type", &limit->name, error);
        if (r < 0)
                return r;
        for (size_t i = 0; limit->name && i < ELEMENTSOF(rlimit_names); i++)
                if (streq(limit->name, rlimit_names[i].name))
                        limit->resource = rlimit_names[i].resource;
        if (limit->resource < 0)
                return error_set(error, EINVAL, "InvalidConfig", "process.rlimits: unknown type \"%s\"",
                                 strempty(limit->name));
        r = field_u64(object, "process.rlimits.soft", UINT64_MAX, &limit->soft, error);
        if (r < 0)
                return r;
        r = field_u64(object, "process.rlimits.hard", UINT64_MAX, &limit->hard, error);
        if (r < 0)
                return r;
        if (limit->soft > limit->hard)
                return error_set(error, EINVAL, "InvalidConfig", "process.rlimits: soft limit of %s is above the hard one",
                                 limit->name);
        return 0;
}

static int parse_rlimits(const json_t *object, Arena *arena, ConfigProcess *p, Error *error) {
        const json_t *array;
        int r;

        r = field_array(object, "process.rlimits", &array, error);
        if (r < 0 || !array)
                return r;
        p->n_rlimits = json_array_size(array);
        p->rlimits = arena_new(arena, ConfigRlimit, p->n_rlimits);
        if (!p->rlimits)
                return error_set_errno(error, ENOMEM, "process.rlimits");

        for (size_t i = 0; i < p->n_rlimits; i++) {
                r = parse_rlimit(json_array_get(array, i), p->rlimits + i, error);
                if (r < 0)
                        return r;
                for (size_t j = 0; j < i; j++)
                        if (p->rlimits[j].resource == p->rlimits[i].resource)
                                return error_set(error, EINVAL, "InvalidConfig", "process.rlimits: %s is there twice",
                                                 p->rlimits[i].name);
        }
        return 0;
}

bool config_capability_add(const char *name, uint64_t *set) {
        char full[64];
        int cap;

        /* Engines' users say "SYS_ADMIN" too. */
        if (strncasecmp(name, "CAP_", 4) != 0) {
                snprintf(full, sizeof(full), "CAP_%s", name);
                name = full;
        }
        cap = capability_from_name(name);
        if (cap < 0)
                return false;
        *set |= UINT64_C(1) << cap;
        return true;
}

static int parse_capabilities(const json_t *object, Arena *arena, ConfigProcess *p, Error *error) {
        const struct {
                const char *where;
                uint64_t *set;
        } sets[] = {
                { "process.capabilities.bounding", &p->capabilities.bounding },
                { "process.capabilities.effective", &p->capabilities.effective },
                { "process.capabilities.inheritable", &p->capabilities.inheritable },
                { "process.capabilities.permitted", &p->capabilities.permitted },
                { "process.capabilities.ambient", &p->capabilities.ambient },
        };
        char **unknown = NULL;
        size_t n_unknown = 0;
        const json_t *caps;
        int r;

        r = field_object(object, "process.capabilities", &caps, error);
        if (r < 0 || !caps)
                return r;

        p->has_capabilities = true;
        p->capabilities = (CapabilitySets){};
        for (size_t i = 0; i < ELEMENTSOF(sets); i++) {
                char *const *names = NULL;

                r = field_strv(caps, sets[i].where, arena, &names, error);
                if (r < 0)
                        return r;
                for (; names && *names; names++) {
                        if (config_capability_add(*names, sets[i].set))
                                continue;
                        if (!unknown) {
                                unknown = arena_new(arena, char *, 64);
                                if (!unknown)
                                        return error_set_errno(error, ENOMEM, "process.capabilities");
                        }
                        if (n_unknown < 63)
                                unknown[n_unknown++] = *names;
                }
        }
        p->unknown_capabilities = unknown;
        return 0;
}

static int parse_user(const json_t *object, Arena *arena, ConfigProcess *p, Error *error) {
        const json_t *user, *groups;
        uint64_t mask = 0;
        int r;

        r = field_object(object, "process.user", &user, error);
        if (r < 0 || !user)
                return r;
        if ((r = field_u32(user, "process.user.uid", &p->uid, error)) < 0 ||
            (r = field_u32(user, "process.user.gid", &p->gid, error)) < 0 ||
            (r = field_u64(user, "process.user.umask", 0777, &mask, error)) < 0 ||
            (r = field_array(user, "process.user.additionalGids", &groups, error)) < 0)
                return r;
        /* (uid_t) -1 means "leave it" to the kernel's calls. */
        if (p->uid == UINT32_MAX || p->gid == UINT32_MAX)
                return field_invalid("process.user", "4294967295 is no id", error);
        if (json_is_integer(json_object_get(user, "umask")))
                p->umask = (int) mask;
        if (!groups)
                return 0;

        p->n_groups = json_array_size(groups);
        p->groups = arena_new(arena, gid_t, p->n_groups);
        if (!p->groups)
                return error_set_errno(error, ENOMEM, "process.user");
        for (size_t i = 0; i < p->n_groups; i++) {
                const json_t *value = json_array_get(groups, i);
                json_int_t gid = json_integer_value(value);

                if (!json_is_integer(value) || gid < 0 || gid >= UINT32_MAX)
                        return field_invalid("process.user.additionalGids", "each must be a group id", error);
                p->groups[i] = (gid_t) gid;
        }
        return 0;
}

static int parse_console_size(const json_t *object, ConfigProcess *p, Error *error) {
        const json_t *size;
        uint64_t width = 0, height = 0;
        int r;

        r = field_object(object, "process.consoleSize", &size, error);
        if (r < 0 || !size)
                return r;
        if ((r = field_u64(size, "process.consoleSize.width", UINT16_MAX, &width, error)) < 0 ||
            (r = field_u64(size, "process.consoleSize.height", UINT16_MAX, &height, error)) < 0)
                return r;
        p->console_size = (struct winsize){ .ws_row = (unsigned short) height, .ws_col = (unsigned short) width };
        return 0;
}

/* A number is taken for its digits: engines and scripts write numbers, and what is
 * meant is plain. */
static int parse_args(const json_t *object, Arena *arena, ConfigProcess *p, Error *error) {
        const json_t *array;
        char **args;
        int r;

        r = field_array(object, "process.args", &array, error);
        if (r < 0 || !array)
                return r;
        args = arena_new(arena, char *, json_array_size(array) + 1);
        if (!args)
                return error_set_errno(error, ENOMEM, "process.args");
        for (size_t i = 0; i < json_array_size(array); i++) {
                const json_t *value = json_array_get(array, i);

                if (json_is_integer(value))
                        args[i] = arena_printf(arena, "%lld", (long long) json_integer_value(value));
                else if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value))
                        args[i] = (char *) json_string_value(value);
                else
                        return field_invalid("process.args", "must be a list of strings", error);
                if (!args[i])
                        return error_set_errno(error, ENOMEM, "process.args");
        }
        p->args = *args ? args : NULL;
        return 0;
}

int config_parse_process(const json_t *object, Arena *arena, ConfigProcess *p, Error *error) {
        int64_t oom = 0;
        int r;

        *p = (ConfigProcess){ .umask = -1 };
        if (!json_is_object(object))
                return field_invalid("process", "must be an object", error);

        if ((r = field_bool(object, "process.terminal", &p->terminal, error)) < 0 ||
            (r = parse_console_size(object, p, error)) < 0 ||
            (r = field_string(object, "process.cwd", &p->cwd, error)) < 0 ||
            (r = field_strv(object, "process.env", arena, &p->env, error)) < 0 ||
            (r = parse_args(object, arena, p, error)) < 0 ||
            (r = parse_user(object, arena, p, error)) < 0 ||
            (r = parse_capabilities(object, arena, p, error)) < 0 ||
            (r = parse_rlimits(object, arena, p, error)) < 0 ||
            (r = field_bool(object, "process.noNewPrivileges", &p->no_new_privileges, error)) < 0 ||
            (r = field_i64(object, "process.oomScoreAdj", -1000, 1000, &oom, error)) < 0 ||
            (r = config_parse_scheduling(object, arena, p, error)) < 0 ||
            (r = field_string(object, "process.apparmorProfile", &p->apparmor_profile, error)) < 0 ||
            (r = field_string(object, "process.selinuxLabel", &p->selinux_label, error)) < 0)
                return r;

        p->has_oom_score_adj = json_is_integer(json_object_get(object, "oomScoreAdj"));
        p->oom_score_adj = (int) oom;
        if (isempty(p->apparmor_profile))
                p->apparmor_profile = NULL;
        if (isempty(p->selinux_label))
                p->selinux_label = NULL;
        if (p->cwd && p->cwd[0] != '/')
                return field_invalid("process.cwd", "must be an absolute path", error);
        return 0;
}
