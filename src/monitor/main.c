/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ctr-monitor --dir /run/ctrd/containers/NAME
 *
 * Holds what must live as long as a container does. See docs/architecture.md.
 */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "fd.h"

#define FIRST_CONNECTION 3

typedef struct Monitor {
        Loop loop;
        int signals;
        Source signal_source;
        Container container;
} Monitor;

static int usage(FILE *file) {
        fputs("ctr-monitor --dir DIRECTORY\n"
              "\n"
              "Holds one container of ctrd. Started by ctrd, with a control connection as\n"
              "descriptor 3; see docs/architecture.md.\n",
              file);
        return file == stderr ? 2 : 0;
}

static int parse_arguments(int argc, char **argv, const char **ret_directory) {
        static const struct option options[] = {
                { "dir", required_argument, NULL, 'd' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                {},
        };
        const char *directory = NULL;
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                switch (c) {
                case 'd':
                        directory = optarg;
                        break;
                case 'h':
                        return usage(stdout);
                case 'V':
                        puts("ctr-monitor " CTRD_VERSION);
                        return 0;
                default:
                        return usage(stderr);
                }
        }
        if (!directory || optind != argc)
                return usage(stderr);
        *ret_directory = directory;
        return -1;
}

/* Everything in the directory is believed: it must be root's alone. */
static int check_directory(const char *directory, Error *error) {
        struct stat st;

        if (directory[0] != '/' || strlen(directory) > RUN_DIRECTORY_MAX)
                return error_set(error, EINVAL, NULL, "--dir must be an absolute path of at most %d bytes.",
                                 RUN_DIRECTORY_MAX);
        if (lstat(directory, &st) < 0)
                return error_set_errno(error, errno, "The directory %s cannot be used", directory);
        if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0022))
                return error_set(error, EPERM, NULL, "%s must be a directory that is writable for its owner alone.",
                                 directory);
        return 0;
}

static int check_connection(int fd, Error *error) {
        socklen_t size = sizeof(int);
        int type;

        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET)
                return error_set(error, EBADF, NULL, "Descriptor %d must be a SOCK_SEQPACKET socket.", fd);
        return fd_set_cloexec(fd, true);
}

static void signal_event(void *userdata, uint32_t events) {
        Monitor *monitor = userdata;
        struct signalfd_siginfo info;

        if (read(monitor->signals, &info, sizeof(info)) != (ssize_t) sizeof(info))
                return;
        if (info.ssi_signo == SIGCHLD)
                container_reap(&monitor->container);
        else
                container_request_stop(&monitor->container);
}

static int open_signals(Monitor *monitor) {
        static const int numbers[] = { SIGCHLD, SIGTERM, SIGURG, SIGINT };
        sigset_t set;

        sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                sigaddset(&set, numbers[i]);
        if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
                return -errno;
        /* A spawned process gets them all at their default (process_spawn). */
        (void) signal(SIGPIPE, SIG_IGN);
        (void) signal(SIGHUP, SIG_IGN);

        monitor->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (monitor->signals < 0)
                return -errno;
        return source_add(&monitor->signal_source, &monitor->loop, monitor->signals, EPOLLIN, signal_event, monitor);
}

static int monitor_run(Monitor *monitor, const char *directory, Error *error) {
        int r;

        r = check_directory(directory, error);
        if (r >= 0)
                r = check_connection(FIRST_CONNECTION, error);
        if (r < 0)
                return r;

        /* What the runtime leaves behind becomes our child: the container's
         * PID 1 and the commands beside it. */
        if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
                return error_set_errno(error, errno, "The monitor cannot become a subreaper");
        r = loop_open(&monitor->loop);
        if (r >= 0)
                r = open_signals(monitor);
        if (r < 0)
                return error_set_errno(error, r, "The event loop cannot be set up");

        r = container_open(&monitor->container, &monitor->loop, directory, FIRST_CONNECTION, error);
        if (r >= 0) {
                r = loop_run(&monitor->loop);
                if (r < 0)
                        (void) error_set_errno(error, r, "The event loop failed");
        }
        container_close(&monitor->container);
        return r;
}

int main(int argc, char **argv) {
        static Monitor monitor; /* large, and zero: its pages cost nothing until they are used */
        _cleanup_error_ Error error = ERROR_INIT;
        const char *directory = NULL;
        int r;

        r = parse_arguments(argc, argv, &directory);
        if (r >= 0)
                return r;
        umask(0022);
        if (chdir("/") < 0)
                return 1;

        r = monitor_run(&monitor, directory, &error);
        if (r < 0) {
                dprintf(STDERR_FILENO, "ctr-monitor: %s\n", error_message(&error));
                return 1;
        }
        return 0;
}
