/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>

#include "clock.h"
#include "fd.h"
#include "process.h"
#include "procfs.h"
#include "stop.h"

#define INTERVAL_FIRST (20 * USEC_PER_MSEC)
#define INTERVAL_MAX (2 * USEC_PER_SEC)
#define INTERVAL_HEARD (10 * USEC_PER_SEC)
#define INTERVAL_HEARD_MAX (60 * USEC_PER_SEC)

static bool mask_has(const char *status, const char *field, int signal) {
        const char *p = strstr(status, field);

        return p && ((strtoull(p + strlen(field), NULL, 16) >> (signal - 1)) & 1);
}

bool stop_status_listens(const char *status, int signal) {
        if (signal < 1 || signal > 64)
                return false;
        return mask_has(status, "\nSigCgt:\t", signal) || mask_has(status, "\nSigBlk:\t", signal);
}

bool stop_is_heard(pid_t pid, int signal) {
        _cleanup_free_ char *status = NULL;
        _cleanup_fd_ int fd = -EBADF;
        char path[32];

        snprintf(path, sizeof(path), "%d/status", (int) pid);
        fd = procfs_openat(-1, path, O_RDONLY, false);
        return fd < 0 || fd_read_all(fd, 16 * 1024, &status, NULL) < 0 || stop_status_listens(status, signal);
}

static void stop_tell(void *userdata) {
        Stop *stop = userdata;
        bool heard = stop_is_heard(stop->pid, stop->signal); /* if it cannot be told, the deadline remains */

        /* Sent in any case: what cannot be heard does no harm. */
        if (process_signal(stop->pidfd, stop->signal) < 0)
                return;
        if (heard && stop->interval < INTERVAL_HEARD)
                stop->interval = INTERVAL_HEARD;
        (void) timer_arm(&stop->repeat, stop->loop, stop->interval, stop_tell, stop);
        stop->interval = MIN(stop->interval * 2, heard ? INTERVAL_HEARD_MAX : INTERVAL_MAX);
}

static void stop_expired(void *userdata) {
        Stop *stop = userdata;

        timer_disarm(&stop->repeat);
        stop->expired(stop->userdata);
}

int stop_begin(Stop *stop, Loop *loop, pid_t pid, int pidfd, int signal, uint64_t timeout, uint64_t extend_max,
               StopHandler expired, void *userdata) {
        stop_end(stop);
        stop->loop = loop;
        stop->pid = pid;
        stop->pidfd = pidfd;
        stop->signal = signal;
        stop->interval = INTERVAL_FIRST;
        stop->expired = expired;
        stop->userdata = userdata;

        if (timeout != USEC_INFINITY) {
                int r = timer_arm(&stop->deadline, loop, timeout, stop_expired, stop);

                if (r < 0)
                        return r;
                stop->due = usec_add(now_usec(CLOCK_MONOTONIC), timeout);
                stop->latest = usec_add(stop->due, extend_max);
        }
        if (timeout > 0)
                stop_tell(stop);
        return 0;
}

void stop_extend(Stop *stop, uint64_t usec) {
        uint64_t now = now_usec(CLOCK_MONOTONIC), until = MIN(usec_add(now, usec), stop->latest);

        if (stop->due == 0 || until <= stop->due)
                return;
        /* Where no timer can be had the end comes at once: better rough than never. */
        if (timer_arm(&stop->deadline, stop->loop, until - now, stop_expired, stop) < 0)
                stop_expired(stop);
        else
                stop->due = until;
}

void stop_acknowledge(Stop *stop) {
        timer_disarm(&stop->repeat);
}

void stop_end(Stop *stop) {
        timer_disarm(&stop->repeat);
        timer_disarm(&stop->deadline);
        *stop = STOP_INIT;
}
