/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ctr-intercept --since USEC [--mount TYPE,…]
 *
 * Does system calls for one container that its seccomp filter notifies of. Descriptor
 * 3 is a listening socket to which the runtime sends what the kernel notifies through.
 * Started by ctr-monitor, and ends with it. See docs/decisions/23-*.
 */

#include <fcntl.h>
#include <jansson.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "fd.h"
#include "parse.h"

#define SOCKET 3
#define STATE_MAX (64 * 1024)
#define LISTENERS_MAX 256
#define WORKERS_MAX 16
#define WORKER_TIMEOUT 5 /* seconds: memory of the caller may be one that never comes */
#define NOTIFICATION_MAX 1024
/* CAP_DAC_OVERRIDE: files of /proc/PID are those of the caller. It is gone before a path
 * of the caller is looked up. */
#define BIT(capability) (UINT64_C(1) << (capability))
#define CAPABILITIES \
        (BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_SYS_CHROOT) | BIT(CAP_MKNOD) | BIT(CAP_SYS_ADMIN) | \
         BIT(CAP_SETUID) | BIT(CAP_SETGID))

typedef struct Worker {
        pid_t pid; /* 0: free */
        int listener; /* its own duplicate: the listener may be closed meanwhile */
        uint64_t id;
} Worker;

typedef struct Interceptor {
        Listener listeners[LISTENERS_MAX];
        size_t n_listeners;
        Worker workers[WORKERS_MAX];
        int signals;
        AnswerContext context;
} Interceptor;

static union {
        struct seccomp_notif notification;
        char room[NOTIFICATION_MAX];
} request;

static void respond(int listener, uint64_t id, int result) {
        static union {
                struct seccomp_notif_resp response;
                char room[NOTIFICATION_MAX];
        } out;

        memset(&out, 0, sizeof(out));
        out.response.id = id;
        if (result == ANSWER_CONTINUE)
                out.response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        else
                out.response.error = result;
        /* ENOENT: who called is gone, or has its answer. */
        (void) ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &out);
}

static void work(Interceptor *interceptor, const Listener *listener) {
        const struct itimerval deadline = { .it_value.tv_sec = WORKER_TIMEOUT };
        sigset_t none;

        sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) setitimer(ITIMER_REAL, &deadline, NULL);
        respond(listener->fd, request.notification.id, answer(listener, &request.notification, &interceptor->context));
        _exit(EXIT_SUCCESS);
}

static Worker *worker_free(Interceptor *interceptor) {
        for (size_t i = 0; i < WORKERS_MAX; i++)
                if (interceptor->workers[i].pid == 0)
                        return interceptor->workers + i;
        return NULL;
}

static void listener_receive(Interceptor *interceptor, const Listener *listener) {
        Worker *worker = worker_free(interceptor);

        if (!worker)
                return;
        memset(&request, 0, sizeof(request));
        if (ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
                return;
        worker->id = request.notification.id;
        worker->listener = fcntl(listener->fd, F_DUPFD_CLOEXEC, 0);
        worker->pid = worker->listener < 0 ? -1 : fork();
        if (worker->pid == 0)
                work(interceptor, listener);
        if (worker->pid < 0) {
                worker->pid = 0;
                worker->listener = fd_close(worker->listener);
                respond(listener->fd, worker->id, -EAGAIN);
        }
}

static void reap(Interceptor *interceptor) {
        struct signalfd_siginfo info;
        pid_t pid;
        int status;

        (void) read(interceptor->signals, &info, sizeof(info));
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                for (size_t i = 0; i < WORKERS_MAX; i++) {
                        Worker *worker = interceptor->workers + i;

                        if (worker->pid != pid)
                                continue;
                        /* It was killed on the way, by its deadline. */
                        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                                respond(worker->listener, worker->id, -EIO);
                        worker->listener = fd_close(worker->listener);
                        worker->pid = 0;
                }
}

/* The container process state of the runtime specification: of it, the process whose
 * user namespace is the container's. */
static int listener_identify(Listener *listener, const char *text, size_t n) {
        json_t *state = json_loadb(text, n, 0, NULL);
        char path[64];
        struct stat st;

        snprintf(path, sizeof(path), "/proc/%lld/ns/user", (long long) json_integer_value(json_object_get(state, "pid")));
        json_decref(state);
        if (stat(path, &st) < 0)
                return -errno;
        listener->userns_dev = st.st_dev;
        listener->userns_ino = st.st_ino;
        return 0;
}

static void socket_accept(Interceptor *interceptor) {
        const struct timeval patience = { .tv_sec = 5 };
        _cleanup_fd_ int connection = accept4(SOCKET, NULL, NULL, SOCK_CLOEXEC), fd = -EBADF;
        static char text[STATE_MAX];
        Listener listener = {};
        size_t n_fds = 0;
        ssize_t n;

        if (connection < 0)
                return;
        /* The runtime, which is root's: the socket's mode says so. */
        (void) setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        n = fd_receive(connection, text, sizeof(text), &fd, 1, &n_fds);
        if (n <= 0 || n_fds != 1 || interceptor->n_listeners >= LISTENERS_MAX || listener_identify(&listener, text, (size_t) n) < 0)
                return; /* calls of who loaded the filter do not exist */
        listener.fd = TAKE_FD(fd);
        interceptor->listeners[interceptor->n_listeners++] = listener;
}

static int serve(Interceptor *interceptor) {
        for (;;) {
                struct pollfd fds[2 + LISTENERS_MAX] = { { interceptor->signals, POLLIN, 0 }, { SOCKET, POLLIN, 0 } };
                size_t n = interceptor->n_listeners;
                bool busy = !worker_free(interceptor);

                for (size_t i = 0; i < n; i++)
                        fds[2 + i] = (struct pollfd){ interceptor->listeners[i].fd, busy ? 0 : POLLIN, 0 };
                if (poll(fds, 2 + n, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (fds[0].revents)
                        reap(interceptor);
                /* From the last: one that goes is replaced by one that was looked at. */
                for (size_t i = n; i-- > 0;) {
                        if (fds[2 + i].revents & POLLIN)
                                listener_receive(interceptor, interceptor->listeners + i);
                        else if (fds[2 + i].revents) {
                                fd_close(interceptor->listeners[i].fd);
                                interceptor->listeners[i] = interceptor->listeners[--interceptor->n_listeners];
                        }
                }
                if (fds[1].revents)
                        socket_accept(interceptor);
        }
}

/* Less than the monitor has, and no way to more. */
static int confine(void) {
        for (int i = 0; i <= CAP_LAST_CAP; i++)
                if (!(CAPABILITIES & BIT(i)))
                        (void) prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        int r = caller_set_capabilities(CAPABILITIES);
        if (r < 0)
                return r;
        return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0;
}

static int check_sizes(void) {
        struct seccomp_notif_sizes sizes;

        if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
                return -errno;
        return sizes.seccomp_notif > NOTIFICATION_MAX || sizes.seccomp_notif_resp > NOTIFICATION_MAX ? -E2BIG : 0;
}

int main(int argc, char **argv) {
        static Interceptor interceptor;
        sigset_t set;
        int r;

        if ((argc != 3 && (argc != 5 || !streq(argv[3], "--mount"))) || !streq(argv[1], "--since") ||
            parse_u64(argv[2], &interceptor.context.since) < 0) {
                fputs("ctr-intercept --since USEC [--mount TYPE,…]\n\nStarted by ctr-monitor; see docs/architecture.md.\n", stderr);
                return 2;
        }
        interceptor.context.types = argc == 5 ? argv[4] : NULL;
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        (void) signal(SIGURG, SIG_IGN);
        r = fd_set_cloexec(SOCKET, true);
        if (r >= 0)
                r = check_sizes();
        if (r >= 0)
                r = confine();
        if (r >= 0 && (sigprocmask(SIG_SETMASK, &set, NULL) < 0 || (interceptor.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0))
                r = -errno;
        if (r >= 0)
                r = serve(&interceptor);
        fprintf(stderr, "ctr-intercept: %s\n", strerror(-r));
        return 1;
}
