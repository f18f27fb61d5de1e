/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/timerfd.h>
#include <time.h>

#include "fd.h"
#include "loop.h"

int loop_open(Loop *loop) {
        loop->done = false;
        loop->epoll = epoll_create1(EPOLL_CLOEXEC);
        return loop->epoll < 0 ? -errno : 0;
}

void loop_close(Loop *loop) {
        loop->epoll = fd_close(loop->epoll);
}

int loop_run(Loop *loop) {
        while (!loop->done) {
                struct epoll_event event;
                int n;

                /* One at a time: a batch could name sources that an earlier
                 * handler of the same batch has removed. The kernel hands out
                 * ready descriptors in turn, so none starves. */
                n = epoll_wait(loop->epoll, &event, 1, -1);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (n > 0) {
                        Source *source = event.data.ptr;

                        source->handler(source->userdata, event.events);
                }
        }
        return 0;
}

void loop_end(Loop *loop) {
        loop->done = true;
}

int source_add(Source *source, Loop *loop, int fd, uint32_t events, SourceHandler handler, void *userdata) {
        struct epoll_event event = { .events = events, .data.ptr = source };

        if (source->loop)
                return -EBUSY;
        if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
                return -errno;
        *source = (Source){ .loop = loop, .fd = fd, .handler = handler, .userdata = userdata };
        return 0;
}

int source_set_events(Source *source, uint32_t events) {
        struct epoll_event event = { .events = events, .data.ptr = source };

        if (!source->loop)
                return -ENOENT;
        return epoll_ctl(source->loop->epoll, EPOLL_CTL_MOD, source->fd, &event) < 0 ? -errno : 0;
}

void source_remove(Source *source) {
        if (!source->loop)
                return;
        (void) epoll_ctl(source->loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
        source->loop = NULL;
}

static void timer_fired(void *userdata, uint32_t events) {
        Timer *timer = userdata;

        timer_disarm(timer);
        timer->handler(timer->userdata);
}

int timer_arm(Timer *timer, Loop *loop, uint64_t usec, TimerHandler handler, void *userdata) {
        struct itimerspec spec = {
                .it_value.tv_sec = (time_t) (usec / USEC_PER_SEC),
                /* All zero would disarm. */
                .it_value.tv_nsec = usec == 0 ? 1 : (long) (usec % USEC_PER_SEC * NSEC_PER_USEC),
        };
        int r;

        timer_disarm(timer);
        timer->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (timer->fd < 0)
                return -errno;

        timer->handler = handler;
        timer->userdata = userdata;
        r = timerfd_settime(timer->fd, 0, &spec, NULL) < 0 ? -errno : 0;
        if (r >= 0)
                r = source_add(&timer->source, loop, timer->fd, EPOLLIN, timer_fired, timer);
        if (r < 0)
                timer->fd = fd_close(timer->fd);
        return r;
}

void timer_disarm(Timer *timer) {
        source_remove(&timer->source);
        timer->fd = fd_close(timer->fd);
}
