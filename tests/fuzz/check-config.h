/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is true of every configuration that was taken, whatever it was made from.
 */

#include <net/if.h>
#include <sched.h>
#include <sys/stat.h>

#include "config.h"
#include "fuzz.h"
#include "mount.h"

static inline void check_words(char *const *words) {
        for (; words && *words; words++)
                promise(utf8_is_valid(*words));
}

/* What sched_setattr(2), ioprio_set(2) and the set_…affinity(2) calls are given. */
static inline void check_scheduling(const ConfigProcess *p) {
        const ConfigScheduler *s = &p->scheduler;

        if (s->present) {
                promise(s->policy <= 6 && s->nice >= -20 && s->nice <= 19 && s->priority <= 99);
                promise((s->policy == SCHED_FIFO || s->policy == SCHED_RR) == (s->priority > 0));
                promise(s->policy == 6 || (s->runtime | s->deadline | s->period) == 0);
        }
        promise(!p->io_priority.present || (p->io_priority.value >= 0 && p->io_priority.value < 4 << 13));
        promise(!p->initial_cpus || (p->initial_cpus->n > 0 && p->initial_cpus->n <= NUMBER_SET_MAX));
        promise(!p->final_cpus || (p->final_cpus->n > 0 && p->final_cpus->n <= NUMBER_SET_MAX));
}

static inline void check_process(const ConfigProcess *p) {
        check_scheduling(p);
        promise(p->uid != UINT32_MAX && p->gid != UINT32_MAX);
        promise(p->umask >= -1 && p->umask <= 0777);
        promise(p->oom_score_adj >= -1000 && p->oom_score_adj <= 1000);
        promise(!p->cwd || p->cwd[0] == '/');
        promise(!p->args || p->args[0]);
        promise(!p->apparmor_profile || *p->apparmor_profile);
        promise(!p->selinux_label || *p->selinux_label);
        check_words(p->args);
        check_words(p->env);
        for (size_t i = 0; i < p->n_groups; i++)
                promise(p->groups[i] != (gid_t) -1);
        for (size_t i = 0; i < p->n_rlimits; i++) {
                promise(p->rlimits[i].soft <= p->rlimits[i].hard && p->rlimits[i].resource >= 0);
                for (size_t j = 0; j < i; j++)
                        promise(p->rlimits[j].resource != p->rlimits[i].resource);
        }
        for (char *const *name = p->unknown_capabilities; name && *name; name++)
                promise(!config_capability_add(*name, &(uint64_t){ 0 }));
}

static inline void check_mount_options(const MountOptions *o) {
        const uint64_t flags = ~(uint64_t) MOUNT_ATTR__ATIME;

        /* What is set and what is cleared is one thing to mount_setattr(2): the
         * kinds of access time are a field, which has to be cleared as a whole. */
        promise((o->set & o->clear & flags) == 0 && (o->recursive_set & o->recursive_clear & flags) == 0);
        promise(((o->set | o->clear | o->recursive_set | o->recursive_clear) & ~(uint64_t) MOUNT_ATTR_ALL) == 0);
        promise(!(o->set & MOUNT_ATTR__ATIME) || (o->clear & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME);
        promise((o->propagation & (o->propagation - 1)) == 0);
        promise(o->bind || !o->bind_recursive);
}

static inline void check_mount(const ConfigMount *m) {
        check_mount_options(&m->options);
        check_words(m->data);
        promise(m->data);
        promise(!isempty(m->destination));
        promise(!m->options.bind || (!m->type && (m->options.remount || !isempty(m->source))));
        promise(m->options.bind || m->options.remount || m->options.propagation || !isempty(m->type));
        promise((m->n_uids > 0) == (m->n_gids > 0));
        promise(m->n_uids == 0 || (id_map_check(m->uids, m->n_uids) >= 0 && id_map_check(m->gids, m->n_gids) >= 0));
        promise(m->n_uids == 0 || m->options.idmap != MOUNT_IDMAP_NONE);
}
