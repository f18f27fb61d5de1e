/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/ioprio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scheduling.h"

/* sched_setattr(2), its first version: linux/sched/types.h cannot be included
 * beside the C library's sched.h. */
typedef struct SchedulingAttributes {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
} SchedulingAttributes;

bool scheduling_is_given(const ConfigProcess *p) {
        return p->scheduler.present || p->io_priority.present;
}

int scheduling_set(const ConfigProcess *p, pid_t pid, Error *error) {
        const ConfigScheduler *s = &p->scheduler;
        SchedulingAttributes a = {
                .size = sizeof(a), .policy = s->policy, .flags = s->flags, .nice = s->nice, .priority = s->priority,
                .runtime = s->runtime, .deadline = s->deadline, .period = s->period,
        };

        if (s->present && syscall(SYS_sched_setattr, pid, &a, 0) < 0)
                return error_set_errno(error, errno, "setting process.scheduler");
        if (p->io_priority.present && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, p->io_priority.value) < 0)
                return error_set_errno(error, errno, "setting process.ioPriority");
        return 0;
}

static int set_cpus(pid_t pid, const NumberSet *set) {
        return syscall(SYS_sched_setaffinity, pid, number_set_size(set), set->bits) < 0 ? -errno : 0;
}

int scheduling_set_initial_cpus(const ConfigProcess *p, Error *error) {
        int r = p->initial_cpus ? set_cpus(0, p->initial_cpus) : 0;

        return r < 0 ? error_set_errno(error, r, "setting process.execCPUAffinity.initial") : 0;
}

int scheduling_set_final_cpus(const ConfigProcess *p, pid_t pid, Error *error) {
        NumberSet all;
        int r;

        if (!p->initial_cpus && !p->final_cpus)
                return 0;
        /* What was for the beginning alone must not stay. The kernel takes what
         * the cgroup allows of it. */
        if (!p->final_cpus)
                number_set_fill(&all);
        r = set_cpus(pid, p->final_cpus ?: &all);
        return r < 0 ? error_set_errno(error, r, "setting process.execCPUAffinity.final") : 0;
}

int scheduling_set_memory_policy(const ConfigMemoryPolicy *policy, Error *error) {
        /* maxnode counts one bit more than the kernel looks at. */
        size_t bits = policy->nodes ? policy->nodes->n + 1 : 0;

        if (syscall(SYS_set_mempolicy, policy->mode, policy->nodes ? policy->nodes->bits : NULL, bits) < 0)
                return error_set_errno(error, errno, "setting linux.memoryPolicy%s",
                                       errno == EINVAL ? ": nodes, mode and flags do not fit each other or this machine" : "");
        return 0;
}
