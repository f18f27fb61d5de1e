/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "archive-task.h"
#include "clock.h"

#define TELL_USEC (200 * USEC_PER_MSEC)

static bool is_stopped(const ArchiveTask *task) {
        struct pollfd p = { .fd = task->control, .events = POLLIN | POLLRDHUP };

        return task->control >= 0 && poll(&p, 1, 0) > 0;
}

int archive_task_check(ArchiveTask *task, Error *error) {
        return is_stopped(task) ? error_set(error, ECANCELED, "Canceled", "the copy was canceled") : 0;
}

static void count(ArchiveTask *task, size_t n) {
        uint64_t now;

        task->bytes += n;
        if (!task->progress)
                return;
        now = now_usec(CLOCK_MONOTONIC);
        if (now - task->told_usec < TELL_USEC)
                return;
        task->told_usec = now;
        task->progress(task->bytes, task->userdata);
}

/* Until the stream is ready: 0, or a negative errno. */
static int await(ArchiveTask *task, short events) {
        struct pollfd p[] = {
                { .fd = task->stream, .events = events },
                { .fd = task->control, .events = POLLIN | POLLRDHUP },
        };

        for (;;) {
                if (poll(p, ELEMENTSOF(p), -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (p[1].revents)
                        return -ECANCELED;
                if (p[0].revents)
                        return 0;
        }
}

/* Somebody else who has it may have been quicker since it was ready. A pipe has no such
 * flag of a single call, but whoever waits at one can be killed. */
static ssize_t receive(int fd, void *data, size_t size) {
        ssize_t n = recv(fd, data, size, MSG_DONTWAIT);

        return n < 0 && errno == ENOTSOCK ? read(fd, data, size) : n;
}

static ssize_t transmit(int fd, const void *data, size_t size) {
        ssize_t n = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

        return n < 0 && errno == ENOTSOCK ? write(fd, data, size) : n;
}

ssize_t archive_task_read(ArchiveTask *task, void *data, size_t size) {
        for (;;) {
                int r = await(task, POLLIN);
                ssize_t n;

                if (r < 0)
                        return r;
                n = receive(task->stream, data, size);
                if (n < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (n < 0)
                        return -errno;
                count(task, (size_t) n);
                return n;
        }
}

ssize_t archive_task_write(ArchiveTask *task, const void *data, size_t size) {
        size_t done = 0;

        while (done < size) {
                int r = await(task, POLLOUT);
                ssize_t n;

                if (r < 0)
                        return r;
                /* What a pipe takes without waiting, once it is ready. */
                n = transmit(task->stream, (const char *) data + done, MIN(size - done, (size_t) PIPE_BUF));
                if (n < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (n < 0)
                        return -errno;
                done += (size_t) n;
                count(task, (size_t) n);
        }
        return (ssize_t) size;
}

void archive_tree_name(const char *path, char ret[static NAME_MAX + 1]) {
        size_t end = strlen(path), begin;

        while (end > 0 && path[end - 1] == '/')
                end--;
        for (begin = end; begin > 0 && path[begin - 1] != '/';)
                begin--;
        if (begin == end || end - begin > NAME_MAX || (end - begin == 2 && strncmp(path + begin, "..", 2) == 0)) {
                strcpy(ret, ".");
                return;
        }
        memcpy(ret, path + begin, end - begin);
        ret[end - begin] = 0;
}

/* Labels belong to the place, and trusted attributes are of who set them. */
bool archive_takes_xattr(const ArchiveTask *task, const char *name) {
        return startswith(name, "user.") || (task->preserve && streq(name, "security.capability"));
}
