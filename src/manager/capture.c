/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "fd.h"
#include "process.h"

struct Capture {
        sd_event_source *output, *child, *timer;
        int pipe, pidfd;
        char *text;
        size_t size;
        bool ended, failed, closed;
        bool complaints; /* what is wanted is what it says in failing */
        CaptureDone done;
        void *userdata;
};

Capture *capture_free(Capture *capture) {
        if (!capture)
                return NULL;
        sd_event_source_disable_unref(capture->output);
        sd_event_source_disable_unref(capture->child);
        sd_event_source_disable_unref(capture->timer);
        if (capture->pidfd >= 0 && !capture->ended) {
                int status, sig;

                (void) process_signal(capture->pidfd, SIGKILL);
                (void) process_wait(capture->pidfd, &status, &sig);
        }
        fd_close(capture->pidfd);
        fd_close(capture->pipe);
        free(capture->text);
        free(capture);
        return NULL;
}

static void finish(Capture *capture, bool good) {
        CaptureDone done = capture->done;
        void *userdata = capture->userdata;
        _cleanup_free_ char *text = NULL;

        capture->text[capture->size] = 0;
        if (good != capture->complaints)
                text = TAKE_PTR(capture->text);
        capture_free(capture);
        done(text, userdata);
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Capture *capture = userdata;
        ssize_t n = read(fd, capture->text + capture->size, CAPTURE_MAX - capture->size);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n > 0) {
                capture->size += (size_t) n;
                if (capture->size < CAPTURE_MAX)
                        return 0;
                finish(capture, false);
                return 0;
        }
        capture->text[capture->size] = 0;
        capture->closed = true;
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (capture->ended)
                finish(capture, !capture->failed && strlen(capture->text) == capture->size);
        return 0;
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata) {
        Capture *capture = userdata;

        capture->ended = true;
        capture->failed = info->si_code != CLD_EXITED || info->si_status != 0;
        if (capture->closed)
                finish(capture, !capture->failed && strlen(capture->text) == capture->size);
        return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        finish(userdata, false);
        return 0;
}

static int start(sd_event *event, char *const *argv, uint64_t timeout_usec, bool complaints, CaptureDone done,
                 void *userdata, Capture **ret) {
        Capture *capture = calloc(1, sizeof(*capture));
        _cleanup_fd_ int write_end = -EBADF;
        int pipe_fds[2], r;

        if (!capture)
                return -ENOMEM;
        capture->pipe = capture->pidfd = -EBADF;
        capture->complaints = complaints;
        capture->done = done;
        capture->userdata = userdata;
        capture->text = malloc(CAPTURE_MAX + 1);
        r = capture->text ? 0 : -ENOMEM;

        if (r >= 0 && pipe2(pipe_fds, O_CLOEXEC) < 0)
                r = -errno;
        if (r >= 0) {
                capture->pipe = pipe_fds[0];
                write_end = pipe_fds[1];
                r = fd_set_nonblock(capture->pipe, true);
        }
        if (r >= 0) {
                ProcessSpawn spawn = { .path = argv[0], .argv = argv, .stdio = { -1, complaints ? -1 : write_end, complaints ? write_end : -1 } };

                r = process_spawn(&spawn, NULL, &capture->pidfd);
        }
        if (r >= 0)
                r = sd_event_add_io(event, &capture->output, capture->pipe, EPOLLIN, on_output, capture);
        if (r >= 0)
                r = sd_event_add_child_pidfd(event, &capture->child, capture->pidfd, WEXITED, on_child, capture);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &capture->timer, CLOCK_MONOTONIC, timeout_usec, 0, on_timeout, capture);
        if (r < 0) {
                capture_free(capture);
                return r;
        }
        *ret = capture;
        return 0;
}

int capture_start(sd_event *event, char *const *argv, uint64_t timeout_usec, CaptureDone done, void *userdata,
                  Capture **ret) {
        return start(event, argv, timeout_usec, false, done, userdata, ret);
}

int capture_complaints(sd_event *event, char *const *argv, uint64_t timeout_usec, CaptureDone done, void *userdata,
                       Capture **ret) {
        return start(event, argv, timeout_usec, true, done, userdata, ret);
}
