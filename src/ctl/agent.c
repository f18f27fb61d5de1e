/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "agent.h"
#include "fd.h"
#include "process.h"

#define AGENT "/usr/bin/pkttyagent"

static int agent_pidfd = -EBADF;

void agent_begin(void) {
        _cleanup_fd_ int ready = -EBADF, notify = -EBADF;
        char process[48];
        int pair[2];
        pid_t pid;

        if (agent_pidfd >= 0 || geteuid() == 0 || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
                return;
        if (access(AGENT, X_OK) < 0 || pipe2(pair, O_CLOEXEC) < 0)
                return;
        ready = pair[0];
        notify = pair[1];

        snprintf(process, sizeof(process), "--process=%d", (int) getpid());
        char *const argv[] = { (char *) AGENT, (char *) "--fallback", (char *) "--notify-fd=3", process, NULL };
        if (process_spawn(&(ProcessSpawn){
                    .path = AGENT,
                    .argv = argv,
                    .stdio = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO },
                    .fds = &notify,
                    .n_fds = 1,
            }, &pid, &agent_pidfd) < 0) {
                agent_pidfd = -EBADF;
                return;
        }

        /* It closes its end when it is registered, or when it ends without. */
        notify = fd_close(notify);
        struct pollfd p = { .fd = ready, .events = POLLIN };
        while (poll(&p, 1, -1) < 0 && errno == EINTR)
                ;
}

void agent_end(void) {
        int status, sig;

        if (agent_pidfd < 0)
                return;
        if (process_signal(agent_pidfd, SIGTERM) >= 0)
                (void) process_signal(agent_pidfd, SIGCONT); /* stopped for reading the terminal, perhaps */
        (void) process_wait(agent_pidfd, &status, &sig);
        agent_pidfd = fd_close(agent_pidfd);
}
