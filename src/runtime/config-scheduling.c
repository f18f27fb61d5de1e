/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>

#include "config.h"
#include "field.h"

typedef struct Word {
        const char *name;
        int value;
} Word;

/* The names of config.md, process.scheduler. SCHED_ISO is a name without a kernel
 * that has it. */
static const Word policies[] = {
        { "SCHED_OTHER", SCHED_NORMAL }, { "SCHED_FIFO", SCHED_FIFO }, { "SCHED_RR", SCHED_RR },
        { "SCHED_BATCH", SCHED_BATCH },  { "SCHED_ISO", 4 },           { "SCHED_IDLE", SCHED_IDLE },
        { "SCHED_DEADLINE", SCHED_DEADLINE },
};

static const Word scheduler_flags[] = {
        { "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
        { "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
        { "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
        { "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
        { "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
        { "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
        { "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
};

static const Word io_classes[] = {
        { "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
        { "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
        { "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
};

static const Word memory_modes[] = {
        { "MPOL_DEFAULT", MPOL_DEFAULT },
        { "MPOL_PREFERRED", MPOL_PREFERRED },
        { "MPOL_BIND", MPOL_BIND },
        { "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
        { "MPOL_LOCAL", MPOL_LOCAL },
        { "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
        { "MPOL_WEIGHTED_INTERLEAVE", 6 }, /* Linux 6.9 */
};

static const Word memory_flags[] = {
        { "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
        { "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
        { "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
};

static int find_word(const Word *words, size_t n, const char *where, const char *name, int *ret, Error *error) {
        for (size_t i = 0; name && i < n; i++)
                if (streq(name, words[i].name)) {
                        *ret = words[i].value;
                        return 0;
                }
        return error_set(error, EINVAL, "InvalidConfig", "%s: unknown value \"%s\"", where, strempty(name));
}

static int parse_word(const json_t *object, const Word *words, size_t n, const char *where, int *ret, Error *error) {
        const char *name = NULL;
        int r = field_string(object, where, &name, error);

        if (r < 0)
                return r;
        return name ? find_word(words, n, where, name, ret, error) : field_missing(where, error);
}

static int parse_flags(const json_t *object, const Word *words, size_t n, const char *where, Arena *arena, int *ret,
                       Error *error) {
        char *const *names = NULL;
        int r;

        r = field_strv(object, where, arena, &names, error);
        for (; r >= 0 && names && *names; names++) {
                int flag;

                r = find_word(words, n, where, *names, &flag, error);
                if (r >= 0)
                        *ret |= flag;
        }
        return r;
}

static int parse_scheduler(const json_t *object, Arena *arena, ConfigScheduler *s, Error *error) {
        int64_t nice = 0;
        uint64_t priority = 0;
        int policy = 0, flags = 0, r;

        if ((r = parse_word(object, policies, ELEMENTSOF(policies), "process.scheduler.policy", &policy, error)) < 0 ||
            (r = parse_flags(object, scheduler_flags, ELEMENTSOF(scheduler_flags), "process.scheduler.flags", arena, &flags,
                             error)) < 0 ||
            (r = field_i64(object, "process.scheduler.nice", -20, 19, &nice, error)) < 0 ||
            (r = field_u64(object, "process.scheduler.priority", INT32_MAX, &priority, error)) < 0 ||
            (r = field_u64(object, "process.scheduler.runtime", UINT64_MAX, &s->runtime, error)) < 0 ||
            (r = field_u64(object, "process.scheduler.deadline", UINT64_MAX, &s->deadline, error)) < 0 ||
            (r = field_u64(object, "process.scheduler.period", UINT64_MAX, &s->period, error)) < 0)
                return r;

        /* sched(7): what the kernel would refuse with a bare EINVAL. */
        bool real_time = policy == SCHED_FIFO || policy == SCHED_RR;
        if (real_time ? priority < 1 || priority > 99 : priority != 0)
                return field_invalid("process.scheduler.priority", "1 to 99 for SCHED_FIFO and SCHED_RR, else 0", error);
        if (policy != SCHED_DEADLINE && (s->runtime | s->deadline | s->period) != 0)
                return field_invalid("process.scheduler", "runtime, deadline and period are for SCHED_DEADLINE", error);
        s->present = true;
        s->policy = (uint32_t) policy;
        s->flags = (uint64_t) flags;
        s->nice = (int32_t) nice;
        s->priority = (uint32_t) priority;
        return 0;
}

static int parse_io_priority(const json_t *object, ConfigIoPriority *p, Error *error) {
        uint64_t priority = 0;
        int class = 0, r;

        if ((r = parse_word(object, io_classes, ELEMENTSOF(io_classes), "process.ioPriority.class", &class, error)) < 0 ||
            (r = field_u64(object, "process.ioPriority.priority", IOPRIO_NR_LEVELS - 1, &priority, error)) < 0)
                return r;
        p->present = true;
        p->value = IOPRIO_PRIO_VALUE(class, (int) priority);
        return 0;
}

static int parse_set(const json_t *object, const char *where, Arena *arena, const NumberSet **ret, Error *error) {
        const char *text = NULL;
        NumberSet *set;
        int r;

        r = field_string(object, where, &text, error);
        if (r < 0 || isempty(text))
                return r;
        set = arena_new(arena, NumberSet, 1);
        if (!set)
                return error_set_errno(error, ENOMEM, "%s", where);
        if (number_set_parse(text, set) < 0)
                return error_set(error, EINVAL, "InvalidConfig", "%s: \"%s\" is no list of numbers such as \"0-3,7\"", where,
                                 text);
        *ret = set;
        return 0;
}

int config_parse_scheduling(const json_t *process, Arena *arena, ConfigProcess *p, Error *error) {
        const json_t *scheduler, *io_priority, *affinity;
        int r;

        if ((r = field_object(process, "process.scheduler", &scheduler, error)) < 0 ||
            (r = field_object(process, "process.ioPriority", &io_priority, error)) < 0 ||
            (r = field_object(process, "process.execCPUAffinity", &affinity, error)) < 0)
                return r;
        if (scheduler && (r = parse_scheduler(scheduler, arena, &p->scheduler, error)) < 0)
                return r;
        if (io_priority && (r = parse_io_priority(io_priority, &p->io_priority, error)) < 0)
                return r;
        if (!affinity)
                return 0;
        r = parse_set(affinity, "process.execCPUAffinity.initial", arena, &p->initial_cpus, error);
        return r < 0 ? r : parse_set(affinity, "process.execCPUAffinity.final", arena, &p->final_cpus, error);
}

int config_parse_memory_policy(Config *c, const json_t *linux_object, Error *error) {
        const json_t *object;
        ConfigMemoryPolicy *policy;
        int flags = 0, r;

        r = field_object(linux_object, "linux.memoryPolicy", &object, error);
        /* Nothing in it is no wish, as with runc and crun. */
        if (r < 0 || json_object_size(object) == 0)
                return r;
        policy = arena_new(&c->arena, ConfigMemoryPolicy, 1);
        if (!policy)
                return error_set_errno(error, ENOMEM, "linux.memoryPolicy");
        if ((r = parse_word(object, memory_modes, ELEMENTSOF(memory_modes), "linux.memoryPolicy.mode", &policy->mode,
                            error)) < 0 ||
            (r = parse_set(object, "linux.memoryPolicy.nodes", &c->arena, &policy->nodes, error)) < 0 ||
            (r = parse_flags(object, memory_flags, ELEMENTSOF(memory_flags), "linux.memoryPolicy.flags", &c->arena, &flags,
                             error)) < 0)
                return r;
        /* set_mempolicy(2). */
        if ((policy->mode == MPOL_DEFAULT || policy->mode == MPOL_LOCAL) && policy->nodes)
                return field_invalid("linux.memoryPolicy.nodes", "MPOL_DEFAULT and MPOL_LOCAL take none", error);
        if (policy->mode != MPOL_DEFAULT && policy->mode != MPOL_LOCAL && policy->mode != MPOL_PREFERRED && !policy->nodes)
                return field_missing("linux.memoryPolicy.nodes", error);
        policy->mode |= flags;
        c->memory_policy = policy;
        return 0;
}
