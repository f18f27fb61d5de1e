/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "fd.h"
#include "process.h"
#include "runtime-call.h"

/* From the kill to the end, where the kernel has nothing to wait for. */
#define KILL_TIMEOUT USEC_PER_SEC

/* Keeps the end of what was written. */
static void output_append(RuntimeCall *call, const char *data, size_t n) {
        if (n > RUNTIME_OUTPUT_MAX) {
                data += n - RUNTIME_OUTPUT_MAX;
                n = RUNTIME_OUTPUT_MAX;
        }
        if (call->n_text + n > RUNTIME_OUTPUT_MAX) {
                size_t drop = call->n_text + n - RUNTIME_OUTPUT_MAX;

                memmove(call->text, call->text + drop, call->n_text - drop);
                call->n_text -= drop;
        }
        memcpy(call->text + call->n_text, data, n);
        call->n_text += n;
        call->text[call->n_text] = 0;
}

/* Returns whether something was read. */
static bool output_read(RuntimeCall *call) {
        char data[1024];
        ssize_t k;

        k = read(call->output, data, sizeof(data));
        if (k > 0)
                output_append(call, data, (size_t) k);
        else if (k == 0 || (errno != EAGAIN && errno != EINTR)) {
                source_remove(&call->output_source);
                call->output = fd_close(call->output);
        }
        return k > 0;
}

static void output_event(void *userdata, uint32_t events) {
        (void) output_read(userdata);
}

static void call_ended(void *userdata, uint32_t events) {
        RuntimeCall *call = userdata;
        int status = 0, signal = 0;

        if (process_collect(call->pidfd, &status, &signal) < 0)
                status = 255;
        source_remove(&call->process_source);
        call->pidfd = fd_close(call->pidfd);
        timer_disarm(&call->deadline);

        /* What it wrote before it ended is there by now. As much as a pipe
         * holds, and no more: a process of the container may write on. */
        for (unsigned i = 0; call->output >= 0 && i < 64; i++)
                if (!output_read(call))
                        break;
        source_remove(&call->output_source);
        call->handler(call->userdata, status, signal);
}

static void call_expired(void *userdata) {
        RuntimeCall *call = userdata;

        if (!call->killed) {
                runtime_call_kill(call);
                return;
        }
        source_remove(&call->process_source);
        source_remove(&call->output_source);
        call->stuck = TAKE_FD(call->pidfd);
        call->handler(call->userdata, 0, SIGKILL);
}

int runtime_call(RuntimeCall *call, Loop *loop, char *const *argv, int extra, uint64_t timeout, RuntimeCallHandler handler,
                 void *userdata) {
        _cleanup_fd_ int reading = -EBADF, writing = -EBADF, input = -EBADF;
        int fds[2], r;

        if (call->pidfd >= 0)
                return -EBUSY;
        runtime_call_clear(call);

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        reading = fds[0];
        writing = fds[1];
        r = fd_set_nonblock(reading, true);
        if (r < 0)
                return r;

        r = input = fd_empty();
        if (r < 0)
                return r;
        r = process_spawn(&(ProcessSpawn){ .path = argv[0], .argv = argv, .stdio = { input, writing, writing },
                                           .fds = &extra, .n_fds = extra >= 0 },
                          NULL, &call->pidfd);
        if (r < 0) {
                call->pidfd = -EBADF;
                return r;
        }

        call->loop = loop;
        call->handler = handler;
        call->userdata = userdata;
        call->output = TAKE_FD(reading);
        r = source_add(&call->process_source, loop, call->pidfd, EPOLLIN, call_ended, call);
        if (r >= 0)
                r = source_add(&call->output_source, loop, call->output, EPOLLIN, output_event, call);
        if (r >= 0)
                r = timer_arm(&call->deadline, loop, timeout, call_expired, call);
        if (r < 0)
                runtime_call_clear(call);
        return r;
}

bool runtime_call_is_running(const RuntimeCall *call) {
        return call->pidfd >= 0;
}

void runtime_call_kill(RuntimeCall *call) {
        if (call->pidfd < 0 || call->killed)
                return;
        call->killed = true;
        (void) process_signal(call->pidfd, SIGKILL);
        (void) timer_arm(&call->deadline, call->loop, KILL_TIMEOUT, call_expired, call);
}

bool runtime_call_is_stuck(RuntimeCall *call) {
        int status, signal;

        if (call->stuck >= 0 && process_collect(call->stuck, &status, &signal) != -EAGAIN)
                call->stuck = fd_close(call->stuck);
        return call->stuck >= 0;
}

int runtime_call_take_output(RuntimeCall *call) {
        source_remove(&call->output_source);
        return TAKE_FD(call->output);
}

void runtime_call_clear(RuntimeCall *call) {
        timer_disarm(&call->deadline);
        source_remove(&call->process_source);
        source_remove(&call->output_source);
        if (call->pidfd >= 0)
                (void) process_signal(call->pidfd, SIGKILL);
        call->pidfd = fd_close(call->pidfd);
        call->stuck = fd_close(call->stuck);
        call->killed = false;
        call->output = fd_close(call->output);
        call->n_text = 0;
        call->text[0] = 0;
}

/* Copies to the quote that ends a string, with its escapes taken out. */
static void copy_quoted(const char *p, char *ret, size_t size) {
        size_t out = 0;

        for (; *p && *p != '"' && out + 1 < size; p++) {
                if (*p == '\\' && p[1])
                        p++;
                ret[out++] = *p;
        }
        ret[out] = 0;
}

/* "2023-01-01T10:00:00.123456Z: " */
static const char *skip_timestamp(const char *line) {
        const char *p = line;

        if (!isdigit((unsigned char) *p))
                return line;
        p += strcspn(p, " ");
        return p > line + 10 && p[-1] == ':' && p[-2] == 'Z' && *p == ' ' ? p + 1 : line;
}

void runtime_message(const char *text, char ret[static RUNTIME_MESSAGE_MAX]) {
        size_t n = strlen(text), begin;
        char line[RUNTIME_MESSAGE_MAX];
        const char *p;

        while (n > 0 && isspace((unsigned char) text[n - 1]))
                n--;
        for (begin = n; begin > 0 && text[begin - 1] != '\n'; begin--)
                ;
        n = MIN(n - begin, sizeof(line) - 1);
        memcpy(line, text + begin, n);
        line[n] = 0;

        if ((p = strstr(line, "\"msg\":")) && (p = strchr(p + 6, '"')))
                copy_quoted(p + 1, ret, RUNTIME_MESSAGE_MAX);
        else if (startswith(line, "time=") && (p = strstr(line, " msg=\"")))
                copy_quoted(p + 6, ret, RUNTIME_MESSAGE_MAX);
        else
                strcpy(ret, skip_timestamp(line));
}
