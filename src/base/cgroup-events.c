/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup-events.h"
#include "clock.h"
#include "fd.h"

int cgroup_events_say(int events, const char *words) {
        char text[256];
        ssize_t k = pread(events, text, sizeof(text) - 1, 0);

        if (k < 0)
                return -errno;
        text[k] = 0;
        return strstr(text, words) ? 1 : 0;
}

/* The same, where a cgroup that is gone says nothing. */
static int events_say(int events, const char *words) {
        int r = cgroup_events_say(events, words);

        return r == -ENODEV ? 0 : r;
}

int cgroup_is_populated(int fd) {
        _cleanup_fd_ int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

        return events < 0 ? -errno : events_say(events, "populated 1");
}

int cgroup_is_frozen(int fd) {
        _cleanup_fd_ int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

        return events < 0 ? -errno : events_say(events, "frozen 1");
}

typedef struct ThawedSearch {
        int found;
        unsigned depth;
} ThawedSearch;

static int find_thawed(int parent, int fd, const char *name, void *arg) {
        ThawedSearch *search = arg;
        int r = cgroup_is_frozen(fd);

        if (r == -ENOENT || r == -ENODEV) /* removed meanwhile */
                return 0;
        if (r < 0)
                return r;
        if (r == 0) {
                search->found = fcntl(fd, F_DUPFD_CLOEXEC, 0);
                return search->found < 0 ? -errno : -EEXIST;
        }
        if (search->depth >= CGROUP_DEPTH_MAX)
                return 0;
        search->depth++;
        r = cgroup_for_each_child(fd, find_thawed, search);
        search->depth--;
        return r;
}

int cgroup_find_thawed(int fd) {
        ThawedSearch search = { .found = -EBADF };
        int r = cgroup_for_each_child(fd, find_thawed, &search);

        return search.found >= 0 ? search.found : r < 0 ? r : -ENOENT;
}

/* Waits while cgroup.events says these words. */
static int wait_while(int fd, const char *words, uint64_t timeout_usec) {
        _cleanup_fd_ int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
        uint64_t end = timeout_usec == USEC_INFINITY ? USEC_INFINITY : now_usec(CLOCK_MONOTONIC) + timeout_usec;

        if (events < 0)
                return -errno;
        for (;;) {
                struct pollfd p = { .fd = events, .events = POLLPRI };
                int r = events_say(events, words), timeout = -1;

                if (r <= 0)
                        return r;
                if (end != USEC_INFINITY) {
                        uint64_t now = now_usec(CLOCK_MONOTONIC);

                        if (now >= end)
                                return -ETIMEDOUT;
                        timeout = (int) MIN((end - now) / USEC_PER_MSEC + 1, (uint64_t) INT_MAX);
                }
                if (poll(&p, 1, timeout) < 0 && errno != EINTR)
                        return -errno;
        }
}

int cgroup_wait_empty(int fd, uint64_t timeout_usec) {
        return wait_while(fd, "populated 1", timeout_usec);
}

int cgroup_set_frozen(int fd, bool frozen, uint64_t timeout_usec) {
        int r = cgroup_write(fd, "cgroup.freeze", frozen ? "1" : "0");

        return r < 0 ? r : wait_while(fd, frozen ? "frozen 0" : "frozen 1", timeout_usec);
}
