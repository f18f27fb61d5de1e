/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "interceptor.h"
#include "process.h"
#include "socket.h"

static int start(Interceptor *interceptor);

static void ended(void *userdata, uint32_t events) {
        Interceptor *interceptor = userdata;
        int status, sig;

        (void) process_collect(interceptor->pidfd, &status, &sig);
        source_remove(&interceptor->source);
        interceptor->pidfd = fd_close(interceptor->pidfd);
        interceptor->pid = 0;
        if (interceptor->starts < INTERCEPTOR_STARTS_MAX)
                (void) start(interceptor);
}

static int start(Interceptor *interceptor) {
        _cleanup_fd_ int fd = socket_listen(interceptor->socket, SOCK_STREAM, 0600);
        char since[24];
        const char *const argv[] = { "ctr-intercept", "--since", since, interceptor->mounts ? "--mount" : NULL,
                                     interceptor->mounts, NULL };
        int r;

        if (fd < 0)
                return fd;
        interceptor->starts++;
        snprintf(since, sizeof(since), "%llu", (unsigned long long) interceptor->since);
        r = process_spawn(&(ProcessSpawn){ .path = interceptor->program, .argv = (char *const *) argv,
                                           .stdio = { -1, -1, STDERR_FILENO }, .fds = &fd, .n_fds = 1 },
                          &interceptor->pid, &interceptor->pidfd);
        if (r < 0) {
                interceptor->pidfd = -EBADF;
                interceptor->pid = 0;
                return r;
        }
        return source_add(&interceptor->source, interceptor->loop, interceptor->pidfd, EPOLLIN, ended, interceptor);
}

int interceptor_open(Interceptor *interceptor, Loop *loop, const char *program, const char *mounts, const char *socket) {
        interceptor_close(interceptor);
        interceptor->socket = strdup(socket);
        if (!interceptor->socket)
                return -ENOMEM;
        interceptor->loop = loop;
        interceptor->program = program;
        interceptor->mounts = mounts;
        interceptor->since = now_usec(CLOCK_BOOTTIME);
        return start(interceptor);
}

void interceptor_close(Interceptor *interceptor) {
        source_remove(&interceptor->source);
        /* Not waited for: it may be looking at a file system of the container's that hangs. */
        if (interceptor->pidfd >= 0)
                (void) process_signal(interceptor->pidfd, SIGKILL);
        fd_close(interceptor->pidfd);
        if (interceptor->socket)
                (void) unlink(interceptor->socket);
        free(interceptor->socket);
        *interceptor = (Interceptor) INTERCEPTOR_INIT;
}
