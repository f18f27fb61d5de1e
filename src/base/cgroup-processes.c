/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup-events.h"
#include "cgroup-processes.h"
#include "clock.h"
#include "parse.h"

/* A walk over the processes of a tree. */
typedef struct ProcessWalk {
        int (*func)(pid_t pid, void *arg);
        void *arg;
        unsigned depth;
} ProcessWalk;

static int walk_processes(int parent, int fd, const char *name, void *arg) {
        _cleanup_free_ char *text = NULL;
        ProcessWalk *walk = arg;
        char *save = NULL;
        int r;

        if (walk->depth >= CGROUP_DEPTH_MAX)
                return -ELOOP;
        r = cgroup_read(fd, "cgroup.procs", &text);
        if (r == -ENODEV) /* removed meanwhile */
                return 0;
        if (r == -EOPNOTSUPP) { /* a threaded one: its processes stand in the group above */
                text = NULL;
                r = 0;
        }
        if (r < 0)
                return r;
        for (char *p = text ? strtok_r(text, "\n", &save) : NULL; p && r >= 0; p = strtok_r(NULL, "\n", &save)) {
                pid_t pid;

                /* "0": a process that our pid namespace does not have. */
                if (parse_pid(p, &pid) >= 0)
                        r = walk->func(pid, walk->arg);
        }
        if (r < 0)
                return r;
        walk->depth++;
        r = cgroup_for_each_child(fd, walk_processes, walk);
        walk->depth--;
        return r;
}

static int for_each_process(int fd, int (*func)(pid_t pid, void *arg), void *arg) {
        return walk_processes(-1, fd, NULL, &(ProcessWalk){ .func = func, .arg = arg });
}

typedef struct KillPass {
        int sig;
        unsigned n_killed;
} KillPass;

static int kill_one(pid_t pid, void *arg) {
        KillPass *pass = arg;

        /* The pid may be another process by now only if its number was given
         * anew since the read; with no cgroup.kill there is nothing better. */
        if (pid != getpid() && kill(pid, pass->sig) >= 0)
                pass->n_killed++;
        return 0;
}

int cgroup_signal(int fd, int sig) {
        return for_each_process(fd, kill_one, &(KillPass){ .sig = sig });
}

typedef struct ProcessList {
        pid_t *pids;
        size_t n, room;
} ProcessList;

static int list_one(pid_t pid, void *arg) {
        ProcessList *l = arg;

        if (l->n == l->room) {
                size_t room = MAX(l->room * 2, (size_t) 64);
                pid_t *grown = reallocarray(l->pids, room, sizeof(pid_t));

                if (!grown)
                        return -ENOMEM;
                l->pids = grown;
                l->room = room;
        }
        l->pids[l->n++] = pid;
        return 0;
}

int cgroup_list_processes(int fd, pid_t **ret, size_t *ret_n) {
        ProcessList l = {};
        int r = for_each_process(fd, list_one, &l);

        if (r < 0) {
                free(l.pids);
                return r;
        }
        *ret = l.pids;
        *ret_n = l.n;
        return 0;
}

int cgroup_kill(int fd) {
        int r = cgroup_write(fd, "cgroup.kill", "1");

        if (r != -ENOENT && r != -EOPNOTSUPP)
                return r;

        /* Until a pass finds nobody alive; each pass waits for its victims, and
         * what they forked meanwhile is the next pass's. */
        for (unsigned i = 0; i < 64; i++) {
                KillPass pass = { .sig = SIGKILL };

                r = for_each_process(fd, kill_one, &pass);
                if (r < 0 || pass.n_killed == 0)
                        return r;
                r = cgroup_wait_empty(fd, 100 * USEC_PER_MSEC);
                if (r != -ETIMEDOUT)
                        return r;
        }
        return -EBUSY;
}
