/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "cgroup-watch.h"
#include "cgroup-events.h"
#include "fd.h"

static void events_changed(void *userdata, uint32_t events) {
        CgroupWatch *watch = userdata;
        int r = cgroup_events_say(watch->events, watch->words);

        if (r == 0)
                return;
        cgroup_watch_end(watch);
        watch->handler(watch->userdata, r < 0);
}

int cgroup_watch(CgroupWatch *watch, Loop *loop, int cgroup, const char *words, CgroupWatchHandler handler, void *userdata) {
        int r;

        cgroup_watch_end(watch);
        watch->words = words;
        watch->handler = handler;
        watch->userdata = userdata;
        watch->events = openat(cgroup, "cgroup.events", O_RDONLY | O_CLOEXEC);
        if (watch->events < 0)
                return -errno;
        /* kernfs reports an unread file as changed, so the first look needs no
         * special case: the handler comes at once from the loop. */
        r = source_add(&watch->source, loop, watch->events, EPOLLPRI, events_changed, watch);
        if (r < 0)
                watch->events = fd_close(watch->events);
        return r;
}

void cgroup_watch_end(CgroupWatch *watch) {
        source_remove(&watch->source);
        watch->events = fd_close(watch->events);
}
