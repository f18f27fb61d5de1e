/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>

#include "cgroup.h"
#include "clock.h"
#include "command.h"
#include "container.h"
#include "fd.h"
#include "parse.h"
#include "statistics.h"

#define INTERVAL_DEFAULT_USEC (5 * USEC_PER_SEC)

enum {
        KEY_STATS = 256,
        KEY_INTERVAL,
};

typedef struct EventsArguments {
        bool stats;
        uint64_t interval_usec;
} EventsArguments;

static int handle(int key, const char *value, void *data, Error *error) {
        EventsArguments *a = data;

        if (key == KEY_STATS)
                a->stats = true;
        else if (parse_usec(value, &a->interval_usec) < 0 || a->interval_usec == 0)
                return error_set(error, EINVAL, COMMAND_USAGE,
                                 "--interval=%s: duration interval must be greater than 0, as in 5s or 100ms", value);
        return 0;
}

static int put_event(const Container *c, const char *type, int cgroup, Error *error) {
        printf("{\"type\":\"%s\",\"id\":\"%s\"", type, c->id);
        if (cgroup >= 0) {
                fputs(",\"data\":", stdout);
                statistics_write(stdout, cgroup);
        }
        puts("}");
        return fflush(stdout) == 0 ? 0 : error_set_errno(error, errno, "writing events");
}

/* How often the kernel has killed for memory, in the cgroup and below it. */
static uint64_t count_kills(int events) {
        char text[512];
        ssize_t n = events < 0 ? -1 : pread(events, text, sizeof(text) - 1, 0);

        if (n < 0)
                return 0;
        text[n] = 0;
        return statistics_value(text, "oom_kill");
}

static int watch(const Container *c, int cgroup, uint64_t interval, Error *error) {
        _cleanup_fd_ int events = openat(cgroup, "memory.events", O_RDONLY | O_CLOEXEC), pidfd = container_pidfd(c, -1);
        uint64_t next = now_usec(CLOCK_MONOTONIC) + interval, kills = count_kills(events), now, n;
        int r;

        for (;;) {
                struct pollfd p[] = { { .fd = pidfd, .events = POLLIN }, { .fd = events, .events = POLLPRI } };
                uint64_t wait;

                now = now_usec(CLOCK_MONOTONIC);
                wait = next > now ? MIN((next - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC, (uint64_t) INT_MAX) : 0;
                if (pidfd >= 0 && poll(p, ELEMENTSOF(p), (int) wait) < 0 && errno != EINTR)
                        return error_set_errno(error, errno, "waiting for events");

                /* Also what ended the container. */
                n = count_kills(events);
                if (n > kills && (r = put_event(c, "oom", -EBADF, error)) < 0)
                        return r;
                kills = MAX(n, kills);
                if (pidfd < 0 || p[0].revents != 0)
                        return 0;
                now = now_usec(CLOCK_MONOTONIC);
                if (now < next)
                        continue;
                r = put_event(c, "stats", cgroup, error);
                if (r < 0)
                        return r;
                /* After a stop of ours not all at once what was missed. */
                next = MAX(next + interval, now);
        }
}

static int run_events(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        EventsArguments a = { .interval_usec = INTERVAL_DEFAULT_USEC };
        _cleanup_(container_freep) Container *c = NULL;
        _cleanup_fd_ int cgroup = -EBADF;
        const char *id;
        int r;

        r = command_parse(command, argc, argv, handle, &a, error);
        if (r <= 0)
                return r;
        if ((r = command_get_id(command, argc, argv, r, &id, error)) < 0 ||
            (r = container_load(g->root, id, &c, error)) < 0)
                return r;
        if (container_status(c) == CONTAINER_STOPPED)
                return error_set(error, ESRCH, "NotRunning", "container %s is not running", id);
        cgroup = c->cgroup ? cgroup_open(c->cgroup) : -ENOENT;
        if (cgroup < 0)
                return error_set_errno(error, cgroup, "container %s has no cgroup that could be looked at", id);
        return a.stats ? put_event(c, "stats", cgroup, error) : watch(c, cgroup, a.interval_usec, error);
}

static const CommandOption events_options[] = {
        { KEY_STATS, "stats", NULL, "print the statistics once, and end" },
        { KEY_INTERVAL, "interval", "TIME", "how often they are printed (default: 5s)" },
        {},
};

const Command command_events = {
        .name = "events",
        .synopsis = "[OPTION…] ID",
        .help = "Prints what a container uses and when it runs out of memory, as JSON, until it ends.",
        .options = events_options,
        .run = run_events,
};
