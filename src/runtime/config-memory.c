/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "config-resources.h"
#include "field.h"

typedef struct Memory {
        int64_t limit, reservation, swap, kernel, kernel_tcp;
        uint64_t swappiness;
        bool disable_oom_killer;
} Memory;

static int add(Config *c, const char *file, const char *where, int64_t value, unsigned flags, Error *error) {
        return config_add_resource(c, file, "memory", where,
                                   value < 0 ? "max" : arena_printf(&c->arena, "%" PRIi64, value), flags, error);
}

/* v1 counts memory and swap together, v2 swap alone. */
static int add_swap(Config *c, const Memory *m, Error *error) {
        int64_t swap;

        /* Who wants no limit of memory wants none of both, as v1 has it. */
        if (m->swap < 0 || (m->swap == 0 && m->limit < 0))
                swap = -1;
        else if (m->swap == 0)
                return 0;
        else if (m->limit <= 0)
                return field_invalid("linux.resources.memory.swap",
                                     "cannot set swap limit without the memory limit, which it includes", error);
        else if (m->swap < m->limit)
                return field_invalid("linux.resources.memory.swap",
                                     "cannot set memory+swap limit less than the memory limit", error);
        else
                swap = m->swap - m->limit;
        /* Where the kernel has no swap there is nothing to limit: engines give a limit
         * of both with each limit of memory. */
        return add(c, "memory.swap.max", "linux.resources.memory.swap", swap, RESOURCE_OPTIONAL, error);
}

/* What v2 has not. Values that ask for nothing are no error. */
static int refuse(const Memory *m, bool has_swappiness, Error *error) {
        if (m->kernel > 0)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "linux.resources.memory.kernel: cannot set kernel memory with cgroupv2");
        if (m->kernel_tcp > 0)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "linux.resources.memory.kernelTCP: cannot set kernel TCP with cgroupv2");
        if (has_swappiness)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "linux.resources.memory.swappiness: cannot set memory swappiness with cgroupv2");
        if (m->disable_oom_killer)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "linux.resources.memory.disableOOMKiller: cannot disable OOM killer with cgroupv2");
        return 0;
}

int config_parse_memory(Config *c, const json_t *resources, Error *error) {
        const json_t *object;
        Memory m = {};
        int r;

        r = field_object(resources, "linux.resources.memory", &object, error);
        if (r < 0 || !object)
                return r;
        if ((r = field_i64(object, "linux.resources.memory.limit", -1, INT64_MAX, &m.limit, error)) < 0 ||
            (r = field_i64(object, "linux.resources.memory.reservation", -1, INT64_MAX, &m.reservation, error)) < 0 ||
            (r = field_i64(object, "linux.resources.memory.swap", -1, INT64_MAX, &m.swap, error)) < 0 ||
            (r = field_i64(object, "linux.resources.memory.kernel", -1, INT64_MAX, &m.kernel, error)) < 0 ||
            (r = field_i64(object, "linux.resources.memory.kernelTCP", -1, INT64_MAX, &m.kernel_tcp, error)) < 0 ||
            (r = field_u64(object, "linux.resources.memory.swappiness", 100, &m.swappiness, error)) < 0 ||
            (r = field_bool(object, "linux.resources.memory.disableOOMKiller", &m.disable_oom_killer, error)) < 0 ||
            (r = field_bool(object, "linux.resources.memory.checkBeforeUpdate", &c->memory_check, error)) < 0 ||
            (r = refuse(&m, config_has_field(object, "swappiness"), error)) < 0)
                return r;
        c->memory_limit = m.limit;
        c->memory_swap = m.swap;

        r = add_swap(c, &m, error);
        if (r >= 0 && m.limit != 0)
                r = add(c, "memory.max", "linux.resources.memory.limit", m.limit, 0, error);
        if (r >= 0 && m.reservation != 0)
                r = add(c, "memory.low", "linux.resources.memory.reservation", m.reservation, 0, error);
        return r;
}
