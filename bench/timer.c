/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Times one run of a command, with as little of its own around it as can be.
 *
 *   timer [--cgroup DIR] [--ready SOCKET] [--timeout SECONDS] -- COMMAND…
 *
 * Prints "MICROSECONDS MAXRSS_KIB STATUS": from just before the spawn until the
 * command has ended; the largest resident set of the command and of what it
 * waited for; its exit status, or 128 plus the signal.
 *
 *   --cgroup   be in this control group (its directory) before the clock starts
 *   --ready    receive sd_notify messages at this path, and let the clock run
 *              until the command has ended and READY=1 has arrived
 *   --timeout  give up after so long; the status is then 124
 *
 * The command's standard input and output are /dev/null. It is linked
 * statically: posix_spawn shares the parent's memory until the exec, so a large
 * parent would count for the child.
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const char *cgroup;
static const char *ready_path;
static long timeout_sec = 60;

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...) {
        va_list ap;

        fputs("timer: ", stderr);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fprintf(stderr, ": %s\n", strerror(errno));
        exit(125);
}

static long long now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void join_cgroup(const char *dir) {
        char path[4096];
        int fd;

        snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "0", 1) != 1)
                fail("cannot enter %s", dir);
        close(fd);
}

/* The sender may be the root of another user namespace: anybody may write. */
static int listen_for_ready(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd;

        if (strlen(path) >= sizeof(address.sun_path)) {
                errno = ENAMETOOLONG;
                fail("cannot listen at %s", path);
        }
        strcpy(address.sun_path, path);
        unlink(path);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || chmod(path, 0666) < 0)
                fail("cannot listen at %s", path);
        return fd;
}

static bool says_ready(int fd) {
        char text[8192];
        ssize_t n;

        while ((n = recv(fd, text, sizeof(text) - 1, 0)) >= 0) {
                text[n] = 0;
                if (strncmp(text, "READY=1", 7) == 0 || strstr(text, "\nREADY=1"))
                        return true;
        }
        return false;
}

static pid_t spawn(char **argv) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none;
        pid_t pid;
        int r;

        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        posix_spawnattr_init(&attributes);
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

        r = posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ);
        if (r != 0) {
                errno = r;
                fail("cannot run %s", argv[0]);
        }
        return pid;
}

static char **parse(int argc, char **argv) {
        static const struct option options[] = {
                { "cgroup", required_argument, NULL, 'c' },
                { "ready", required_argument, NULL, 'r' },
                { "timeout", required_argument, NULL, 't' },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "+", options, NULL)) >= 0)
                switch (c) {
                case 'c':
                        cgroup = optarg;
                        break;
                case 'r':
                        ready_path = optarg;
                        break;
                case 't':
                        timeout_sec = strtol(optarg, NULL, 10);
                        break;
                default:
                        exit(125);
                }
        if (optind == argc) {
                fputs("timer: which command?\n", stderr);
                exit(125);
        }
        return argv + optind;
}

/* Waits on a pidfd and the socket, and not on SIGCHLD: nothing runs in between
 * that would be timed. Returns the status; 124 where time ran out. */
static int wait_for_end(pid_t pid, int notify, long long deadline, struct rusage *usage) {
        int pidfd = (int) syscall(SYS_pidfd_open, pid, 0), raw = 0;
        bool ended = false, ready = notify < 0;

        if (pidfd < 0)
                fail("cannot watch the command");
        while (!ended || !ready) {
                struct pollfd fds[] = {
                        { .fd = ended ? -1 : pidfd, .events = POLLIN },
                        { .fd = ready ? -1 : notify, .events = POLLIN },
                };
                long long left = deadline - now_usec();

                if (left <= 0 || poll(fds, 2, (int) (left / 1000 + 1)) == 0) {
                        if (!ended) {
                                kill(pid, SIGKILL);
                                wait4(pid, &raw, 0, usage);
                        }
                        return 124;
                }
                if (fds[0].revents) {
                        wait4(pid, &raw, 0, usage);
                        ended = true;
                        if (raw != 0)
                                break;          /* it failed: nobody will be ready */
                }
                if (fds[1].revents)
                        ready = says_ready(notify);
        }
        return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}

int main(int argc, char **argv) {
        char **command = parse(argc, argv);
        struct rusage usage = {};
        long long begin, end;
        int notify = -1, status;

        if (cgroup)
                join_cgroup(cgroup);
        if (ready_path)
                notify = listen_for_ready(ready_path);

        begin = now_usec();
        status = wait_for_end(spawn(command), notify, begin + timeout_sec * 1000000LL, &usage);
        end = now_usec();

        printf("%lld %ld %d\n", end - begin, usage.ru_maxrss, status);
        return 0;
}
