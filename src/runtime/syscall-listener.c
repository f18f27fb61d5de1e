/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "field.h"
#include "json-text.h"
#include "socket.h"
#include "syscall-listener.h"

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

#define PAGE 4096
#define STACK_SIZE (64 * 1024)

typedef struct Handover {
        int report;
        int faults; /* the userfaultfd, or -1 */
        char *page;
        int listener; /* what loading gave */
        int result;
} Handover;

/* The descriptor goes; who is to be notified has it when this returns. */
static int hand_over(int report, int listener) {
        const ChannelMessage message = CHANNEL_LISTENER;
        int r = channel_send_fd(report, message, listener);

        return r < 0 ? r : channel_wait_go(report);
}

/* The second thread. It shares all with the first, which stands still. */
static int watch(void *p) {
        Handover *h = p;
        struct uffd_msg event;
        struct uffdio_zeropage page = { .range = { (uintptr_t) h->page, PAGE } };
        ssize_t k;

        do
                k = read(h->faults, &event, sizeof(event));
        while (k < 0 && errno == EINTR);
        h->result = k != sizeof(event) || event.event != UFFD_EVENT_PAGEFAULT ? -EIO
                    : h->listener >= 0                                         ? hand_over(h->report, h->listener)
                                                                               : 0;
        if (h->listener >= 0)
                close(h->listener);
        /* The page is what the first waits for; without it, it would forever. */
        if (ioctl(h->faults, UFFDIO_ZEROPAGE, &page) < 0)
                _exit(1);
        close(h->faults);
        syscall(SYS_exit, 0);
        return 0;
}

static int start_watching(Handover *h) {
        struct uffdio_api api = { .api = UFFD_API };
        struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
        char *stack;

        h->faults = (int) syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
        if (h->faults < 0)
                return -errno;
        h->page = mmap(NULL, PAGE + STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (h->page == MAP_FAILED)
                return -errno;
        stack = h->page + PAGE;
        range.range.start = (uintptr_t) h->page;
        range.range.len = PAGE;
        if (ioctl(h->faults, UFFDIO_API, &api) < 0 || ioctl(h->faults, UFFDIO_REGISTER, &range) < 0 ||
            clone(watch, stack + STACK_SIZE,
                  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, h) < 0)
                return -errno;
        return 0;
}

static int load_watched(const SyscallFilter *f, int report, Error *error) {
        /* Not on the stack: the other thread may outlive this call by an exit(2). */
        static Handover h;
        int r;

        h = (Handover){ .report = report, .faults = -EBADF };
        r = start_watching(&h);
        if (r < 0) {
                /* Without userfaultfd(2), as in a container whose own filter forbids it:
                 * as long as the calls that send are not among those of the filter. */
                h.faults = fd_close(h.faults);
                r = syscall_filter_load(f, SECCOMP_FILTER_FLAG_NEW_LISTENER, error);
                if (r < 0)
                        return r;
                h.result = hand_over(report, r);
        } else {
                r = h.listener = syscall_filter_load(f, SECCOMP_FILTER_FLAG_NEW_LISTENER, error);
                /* No system call from here until the page is there. */
                __atomic_thread_fence(__ATOMIC_SEQ_CST);
                (void) *(volatile char *) h.page;
                __atomic_thread_fence(__ATOMIC_SEQ_CST);
                if (r < 0)
                        return r;
        }
        return h.result < 0 ? error_set_errno(error, h.result, "handing the seccomp filter's descriptor over") : 0;
}

int syscall_listener_load(const SyscallFilter *f, int report, Error *error) {
        int r;

        if (f->notifies)
                return load_watched(f, report, error);
        r = syscall_filter_load(f, 0, error);
        return r < 0 ? r : 0;
}

/* The version in the example of the specification, which crun sends and its tests
 * want; that of the container is in its own state. */
#define PROCESS_STATE_VERSION "0.2.0"

/* runtime-spec, config-linux.md "The Container Process State". */
static json_t *process_state(const Container *c, ContainerStatus status, pid_t pid, const char *metadata) {
        json_t *state = container_state_json(c, status);

        return state ? json_pack("{s:s, s:[s], s:i, s:s*, s:o}", "ociVersion", PROCESS_STATE_VERSION, "fds", "seccompFd",
                                 "pid", (int) pid, "metadata", metadata, "state", state)
                     : NULL;
}

static int tell_agent(const Config *config, const Container *c, ContainerStatus status, pid_t pid, int listener,
                      Error *error) {
        const char *path = NULL, *metadata = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_fd_ int fd = -EBADF;
        json_t *state;
        int r;

        if (!config || !config->seccomp)
                return error_set_errno(error, EBADMSG, "linux.seccomp");
        if ((r = field_string(config->seccomp, "linux.seccomp.listenerPath", &path, error)) < 0 ||
            (r = field_string(config->seccomp, "linux.seccomp.listenerMetadata", &metadata, error)) < 0)
                return r;
        state = process_state(c, status, pid, metadata);
        text = state ? json_text(state, JSON_COMPACT) : NULL;
        json_decref(state);
        if (!text)
                return error_set_errno(error, ENOMEM, "linux.seccomp.listenerPath");
        fd = socket_connect(strempty(path), SOCK_STREAM);
        r = fd < 0 ? fd : fd_send(fd, text, strlen(text), &listener, 1);
        return r < 0 ? error_set_errno(error, r, "linux.seccomp.listenerPath: telling who listens at %s", strempty(path))
                     : 0;
}

int syscall_listener_attend(int channel, const Config *config, const Container *container, ContainerStatus status,
                            pid_t pid, Error *ret_error) {
        for (;;) {
                _cleanup_fd_ int listener = -EBADF;
                int r = channel_receive_fd(channel, ret_error, &listener);

                if (r != CHANNEL_LISTENER)
                        return r;
                if (listener < 0)
                        return -EBADMSG;
                r = tell_agent(config, container, status, pid, listener, ret_error);
                if (r < 0)
                        return CHANNEL_ERROR; /* and who waits sees the channel's end */
                r = channel_send(channel, CHANNEL_GO);
                if (r < 0)
                        return r;
        }
}
