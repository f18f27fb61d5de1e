/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <sys/resource.h>

#include "process-limits.h"
#include "procfs.h"
#include "rootless.h"
#include "scheduling.h"

bool process_limits_are_given(const ConfigProcess *p) {
        return p->n_rlimits > 0 || p->has_oom_score_adj || scheduling_is_given(p);
}

int process_limits_set(const ConfigProcess *p, pid_t pid, int procfs, Error *error) {
        for (size_t i = 0; i < p->n_rlimits; i++) {
                const ConfigRlimit *l = p->rlimits + i;
                struct rlimit limit = { .rlim_cur = l->soft, .rlim_max = l->hard };

                if (prlimit(pid, (__rlimit_resource_t) l->resource, &limit, NULL) < 0)
                        return error_set_errno(error, errno, "setting %s", l->name);
        }
        if (p->has_oom_score_adj) {
                char path[48], value[16];
                int r;

                snprintf(path, sizeof(path), "%d/oom_score_adj", (int) pid);
                snprintf(value, sizeof(value), "%d", p->oom_score_adj);
                r = procfs_write(procfs, path, value);
                /* To be killed later than it is now takes rights over the host. */
                if (r == -EACCES && rootless_is_expected(ROOTLESS_AUTO))
                        return 0;
                if (r < 0)
                        return error_set_errno(error, r, "setting oomScoreAdj to %d", p->oom_score_adj);
        }
        return scheduling_set(p, pid, error);
}
