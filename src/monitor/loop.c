/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "loop.h"

/* Notes the mappings of the program's file that cannot be written. */
static int note_segments(struct dl_phdr_info *info, size_t size, void *userdata) {
        uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);
        Loop *loop = userdata;

        for (unsigned i = 0; i < info->dlpi_phnum && loop->n_segments < LOOP_SEGMENTS_MAX; i++) {
                const ElfW(Phdr) *header = &info->dlpi_phdr[i];
                uintptr_t begin = (info->dlpi_addr + header->p_vaddr) & ~(page - 1);
                uintptr_t end = info->dlpi_addr + header->p_vaddr + header->p_memsz;

                if (header->p_type != PT_LOAD || (header->p_flags & PF_W))
                        continue;
                loop->segments[loop->n_segments].begin = (void *) begin;
                loop->segments[loop->n_segments++].size = end - begin;
        }
        return 1; /* the program comes first; its libraries are everybody's */
}

int loop_open(Loop *loop) {
        *loop = (Loop){};
        (void) dl_iterate_phdr(note_segments, loop);
        loop->epoll = epoll_create1(EPOLL_CLOEXEC);
        return loop->epoll < 0 ? -errno : 0;
}

void loop_close(Loop *loop) {
        loop->epoll = fd_close(loop->epoll);
}

/* epoll_pwait(2) without libc, where it is known how: the kernel maps 16 pages of
 * the program for each fault, and so a wait that begins and ends in this file
 * alone keeps 64 KiB less in memory. */
static int loop_poll(const Loop *loop, struct epoll_event *event, int timeout) {
#if defined(__x86_64__) && defined(__LP64__)
        register long sigmask __asm__("r8") = 0, sigset_size __asm__("r9") = 0, time __asm__("r10") = timeout;
        long r;

        __asm__ volatile("syscall"
                         : "=a"(r)
                         : "a"((long) SYS_epoll_pwait), "D"((long) loop->epoll), "S"(event), "d"(1L), "r"(time), "r"(sigmask),
                           "r"(sigset_size)
                         : "rcx", "r11", "memory");
        if (r < 0) {
                errno = (int) -r;
                return -1;
        }
        return (int) r;
#else
        return (int) syscall(SYS_epoll_pwait, loop->epoll, event, 1, timeout, NULL, (size_t) 0);
#endif
}

/* After a second in which nothing happened the program's pages go back: most
 * containers are quiet most of the time. */
#define REST_MSEC 1000
#define STACK_PAGE 4096
#define STACK_REST (128 * 1024)

static int loop_wait(Loop *loop, struct epoll_event *event) {
        int n;

        n = loop_poll(loop, event, REST_MSEC);
        if (n != 0)
                return n;
        /* Safe: these are clean pages of a file. */
        for (size_t i = 0; i < loop->n_segments; i++)
                (void) syscall(SYS_madvise, loop->segments[i].begin, loop->segments[i].size, MADV_DONTNEED);
        /* And what deeper calls have left of the stack, a page below what is used now
         * (signal handlers there are none). Where it is not that large the kernel says
         * ENOMEM and gives back what there is. */
        uintptr_t end = ((uintptr_t) __builtin_frame_address(0) & ~(uintptr_t) (STACK_PAGE - 1)) - STACK_PAGE;
        (void) syscall(SYS_madvise, end - STACK_REST, (size_t) STACK_REST, MADV_DONTNEED);
        return loop_poll(loop, event, -1);
}

int loop_run(Loop *loop) {
        while (!loop->done) {
                struct epoll_event event;
                int n;

                /* One at a time: a batch could name sources that an earlier
                 * handler of the same batch has removed. The kernel hands out
                 * ready descriptors in turn, so none starves. */
                n = loop_wait(loop, &event);
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
