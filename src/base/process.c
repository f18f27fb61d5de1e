/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fd.h"
#include "process.h"

extern char **environ;

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

int process_pidfd(pid_t pid) {
        int fd = (int) syscall(SYS_pidfd_open, pid, 0);

        return fd < 0 ? -errno : fd;
}

int process_signal(int pidfd, int sig) {
        return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

int process_spawn(const ProcessSpawn *spawn, pid_t *ret_pid, int *ret_pidfd) {
        _cleanup_fd_ int null = -EBADF;
        int moved[3 + 16];
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attr;
        sigset_t set;
        pid_t pid;
        size_t n = 3 + spawn->n_fds;
        int r = 0;

        if (n > ELEMENTSOF(moved))
                return -E2BIG;
        for (size_t i = 0; i < n; i++)
                moved[i] = -EBADF;

        null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (null < 0)
                return -errno;

        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attr);

        /* First out of the way of the numbers to come, then into place. */
        for (size_t i = 0; i < n; i++) {
                int fd = i < 3 ? spawn->stdio[i] : spawn->fds[i - 3];

                moved[i] = fcntl(fd >= 0 ? fd : null, F_DUPFD_CLOEXEC, (int) n);
                if (moved[i] < 0) {
                        r = -errno;
                        goto finish;
                }
                r = -posix_spawn_file_actions_adddup2(&actions, moved[i], (int) i);
                if (r < 0)
                        goto finish;
        }

        sigemptyset(&set);
        posix_spawnattr_setsigmask(&attr, &set);
        sigfillset(&set);
        posix_spawnattr_setsigdefault(&attr, &set);
        posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

        r = -posix_spawn(&pid, spawn->path, &actions, &attr, spawn->argv, spawn->env ?: environ);
        if (r < 0)
                goto finish;

        if (ret_pidfd) {
                int pidfd = process_pidfd(pid);

                if (pidfd < 0) {
                        /* Our child and not yet waited for: the pid is still its own. */
                        r = pidfd;
                        (void) kill(pid, SIGKILL);
                        (void) waitpid(pid, NULL, 0);
                        goto finish;
                }
                *ret_pidfd = pidfd;
        }
        if (ret_pid)
                *ret_pid = pid;

finish:
        for (size_t i = 0; i < n; i++)
                fd_close(moved[i]);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attr);
        return r;
}

static int wait_for(int pidfd, int options, int *ret_status, int *ret_signal) {
        siginfo_t info = {};

        while (waitid((idtype_t) P_PIDFD, (id_t) pidfd, &info, WEXITED | options) < 0)
                if (errno != EINTR)
                        return -errno;
        if (info.si_pid == 0)
                return -EAGAIN;

        *ret_status = info.si_code == CLD_EXITED ? info.si_status : 0;
        *ret_signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
        return 0;
}

bool process_has_ended(int pidfd) {
        struct pollfd p = { .fd = pidfd, .events = POLLIN };

        return poll(&p, 1, 0) != 0;
}

int process_wait(int pidfd, int *ret_status, int *ret_signal) {
        return wait_for(pidfd, 0, ret_status, ret_signal);
}

int process_collect(int pidfd, int *ret_status, int *ret_signal) {
        return wait_for(pidfd, WNOHANG, ret_status, ret_signal);
}

int process_wait_pid(pid_t pid) {
        int status;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}
