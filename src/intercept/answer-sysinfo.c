/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/sysinfo.h>

#include "answer.h"
#include "cgroup.h"
#include "clock.h"
#include "fd.h"
#include "parse.h"

/* UINT64_MAX: no such file, or no limit. */
static uint64_t number_of(int cgroup, const char *file) {
        _cleanup_free_ char *text = NULL;
        uint64_t value;

        if (cgroup_read(cgroup, file, &text) < 0)
                return UINT64_MAX;
        text[strcspn(text, "\n")] = 0;
        return parse_u64(text, &value) < 0 ? UINT64_MAX : value;
}

/* The scope is what holds the limits; this process is in monitor/ below it. */
static int open_scope(void) {
        _cleanup_free_ char *path = NULL;
        char *last;
        int r = cgroup_of_pid(0, &path);

        if (r < 0)
                return r;
        last = strrchr(path, '/');
        if (!last || !streq(last, "/monitor"))
                return -ENODATA;
        *last = 0;
        return cgroup_open(path);
}

/* Total and free as limit and use have it; without a limit they are the host's. */
static void limit(unsigned long *total, unsigned long *rest, uint64_t max, uint64_t current) {
        if (max >= *total)
                return;
        *total = (unsigned long) max;
        *rest = MIN(*rest, current == UINT64_MAX || current > max ? 0 : (unsigned long) (max - current));
}

int answer_sysinfo(const Caller *caller, uint64_t usec) {
        _cleanup_fd_ int scope = open_scope();
        struct sysinfo info;
        unsigned long unit;
        uint64_t tasks;

        if (scope < 0 || sysinfo(&info) < 0)
                return ANSWER_CONTINUE;
        unit = info.mem_unit ?: 1;
        info.mem_unit = 1;
        info.totalram *= unit;
        info.freeram *= unit;
        info.totalswap *= unit;
        info.freeswap *= unit;
        limit(&info.totalram, &info.freeram, number_of(scope, "memory.max"), number_of(scope, "memory.current"));
        limit(&info.totalswap, &info.freeswap, number_of(scope, "memory.swap.max"), number_of(scope, "memory.swap.current"));
        /* Of the host alone, and none of the container's business. */
        info.sharedram = info.bufferram = info.totalhigh = info.freehigh = 0;
        memset(info.loads, 0, sizeof(info.loads));
        info.uptime = (long) ((now_usec(CLOCK_BOOTTIME) - usec) / USEC_PER_SEC);
        tasks = number_of(scope, "pids.current");
        info.procs = (unsigned short) MIN(tasks == UINT64_MAX ? 1 : tasks, (uint64_t) UINT16_MAX);
        return caller_write(caller, caller->request->data.args[0], &info, sizeof(info));
}
