/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cgroup.h"
#include "channel.h"
#include "clock.h"
#include "criu.h"
#include "fd.h"
#include "process.h"
#include "socket.h"

#define PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define ANSWER_MAX 65536
#define REQUEST_MAX (1024 * 1024)

/* For a question about itself. */
#define PATIENCE_CHECK_USEC (10 * USEC_PER_SEC)
#define PATIENCE_USEC (60 * USEC_PER_SEC)
#define PATIENCE_BYTES_PER_SEC (10 * 1024 * 1024)

uint64_t criu_patience(uint64_t bytes) {
        return PATIENCE_USEC + bytes / PATIENCE_BYTES_PER_SEC * USEC_PER_SEC;
}

typedef struct CriuProcess {
        int socket, pidfd;
} CriuProcess;

const char *criu_find_program(const char *name, char path[static 64]) {
        for (const char *p = PATH; *p;) {
                int n = (int) strcspn(p, ":");

                snprintf(path, 64, "%.*s/%s", n, p, name);
                if (access(path, X_OK) >= 0)
                        return path;
                p += n;
                p += *p == ':';
        }
        return NULL;
}

/* --- the child --- */

/* First out of the way of the numbers to come, then into place. */
static int arrange_descriptors(const CriuRequest *request, int socket) {
        int moved[1 + CRIU_INHERITED_MAX];
        size_t n = 1;

        moved[0] = fcntl(socket, F_DUPFD_CLOEXEC, CRIU_FD_INHERITED + CRIU_INHERITED_MAX);
        for (size_t i = 0; i < request->n_fds; i++)
                moved[n++] = fcntl(request->fds[i], F_DUPFD_CLOEXEC, CRIU_FD_INHERITED + CRIU_INHERITED_MAX);
        for (size_t i = 0; i < n; i++)
                if (moved[i] < 0 || dup2(moved[i], CRIU_FD_SOCKET + (int) i) < 0)
                        return -errno;
        return 0;
}

static void reset_signals(void) {
        sigset_t set;

        for (int sig = 1; sig < NSIG; sig++)
                (void) signal(sig, SIG_DFL);
        sigemptyset(&set);
        (void) sigprocmask(SIG_SETMASK, &set, NULL);
}

static int become_criu(const CriuRun *run, const char *program, pid_t parent, int socket, int *status, Error *error) {
        char fd[16], *const argv[] = { (char *) "criu", (char *) "swrk", fd, NULL },
             *const env[] = { (char *) "PATH=" PATH, NULL };
        int r;

        if (run->dies_with_us && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent))
                return error_set_errno(error, ESRCH, "the runtime is gone");
        if (run->cgroup >= 0 && (r = cgroup_attach(run->cgroup, 0)) < 0)
                return error_set_errno(error, r, "moving criu into the container's cgroup");
        if (run->prepare && (r = run->prepare(run->arg, error)) < 0)
                return r;
        /* Where errors go must not be what a number of criu's is put over. */
        r = fcntl(*status, F_DUPFD_CLOEXEC, CRIU_FD_INHERITED + CRIU_INHERITED_MAX);
        if (r < 0)
                return error_set_errno(error, errno, "starting criu");
        *status = r;
        r = arrange_descriptors(run->request, socket);
        if (r < 0)
                return error_set_errno(error, r, "starting criu");
        reset_signals();
        snprintf(fd, sizeof(fd), "%d", CRIU_FD_SOCKET);
        execve(program, argv, env);
        return error_set_errno(error, errno, "executing %s", program);
}

/* --- the parent --- */

static int start(const CriuRun *run, CriuProcess *ret, Error *error) {
        _cleanup_fd_ int ours = -EBADF, theirs = -EBADF, hear = -EBADF, tell = -EBADF, pidfd = -EBADF;
        _cleanup_error_ Error other = ERROR_INIT;
        char buffer[64];
        const char *program = criu_find_program("criu", buffer);
        pid_t pid, parent = getpid();
        int ends[2], r;

        if (!program)
                return error_set(error, ENOENT, "NotSupported", "criu is not installed: it is what checkpoints and restores");
        if ((r = socket_pair(SOCK_SEQPACKET, ends)) < 0)
                return error_set_errno(error, r, "socket");
        ours = ends[0];
        theirs = ends[1];
        if ((r = socket_pair(SOCK_SEQPACKET, ends)) < 0)
                return error_set_errno(error, r, "socket");
        hear = ends[0];
        tell = ends[1];

        pid = fork();
        if (pid < 0)
                return error_set_errno(error, errno, "starting criu");
        if (pid == 0) {
                int status = tell;

                (void) become_criu(run, program, parent, theirs, &status, &other);
                (void) channel_send_error(status, CHANNEL_ERROR, &other);
                _exit(1);
        }
        theirs = fd_close(theirs);
        tell = fd_close(tell);
        pidfd = process_pidfd(pid);

        /* The end of the channel without a word is a successful execve(2). */
        r = channel_receive(hear, &other);
        if (r != -ECONNRESET || pidfd < 0) {
                int status, sig;

                if (pidfd >= 0)
                        (void) process_wait(pidfd, &status, &sig);
                return r == CHANNEL_ERROR ? error_move(error, &other)
                                          : error_set_errno(error, r < 0 ? r : EBADMSG, "starting criu");
        }
        ret->socket = TAKE_FD(ours);
        ret->pidfd = TAKE_FD(pidfd);
        return 0;
}

static int end(CriuProcess *p, bool kill, int *ret_status) {
        int sig = 0, status = 0, r;

        p->socket = fd_close(p->socket);
        if (kill)
                (void) process_signal(p->pidfd, SIGKILL);
        r = process_wait(p->pidfd, &status, &sig);
        p->pidfd = fd_close(p->pidfd);
        *ret_status = sig != 0 ? 128 + sig : status;
        return r;
}

static int send_request(const CriuProcess *p, const CriuRpcRequest *message) {
        size_t n = criu_rpc_request__get_packed_size(message);
        _cleanup_free_ uint8_t *buffer = NULL;

        if (n > REQUEST_MAX)
                return -E2BIG;
        buffer = malloc(n);
        if (!buffer)
                return -ENOMEM;
        criu_rpc_request__pack(message, buffer);
        return fd_send(p->socket, buffer, n, NULL, 0);
}

/* The next answer, to be freed by criu_rpc_answer__free_unpacked(). */
static int receive(const CriuProcess *p, uint64_t patience_usec, CriuRpcAnswer **ret, int *ret_fd, Error *error) {
        struct pollfd poll_fd = { .fd = p->socket, .events = POLLIN };
        uint64_t deadline = now_usec(CLOCK_MONOTONIC) + patience_usec;
        _cleanup_free_ uint8_t *buffer = malloc(ANSWER_MAX);
        size_t n_fds = 0;
        ssize_t k;
        int r;

        if (!buffer)
                return error_set_errno(error, ENOMEM, "criu");
        do {
                uint64_t now = now_usec(CLOCK_MONOTONIC);

                r = poll(&poll_fd, 1, now < deadline ? (int) MIN((deadline - now) / USEC_PER_MSEC + 1, (uint64_t) INT_MAX) : 0);
        } while (r < 0 && errno == EINTR);
        if (r <= 0)
                return error_set(error, r < 0 ? errno : ETIMEDOUT, NULL, "criu said nothing for %u s and was stopped",
                                 (unsigned) (patience_usec / USEC_PER_SEC));

        *ret_fd = -EBADF;
        k = fd_receive(p->socket, buffer, ANSWER_MAX, ret_fd, 1, &n_fds);
        if (k == 0 || k == -ECONNRESET)
                return error_set(error, ECONNRESET, NULL, "criu ended without an answer");
        if (k < 0)
                return error_set_errno(error, (int) k, "hearing of criu");
        *ret = criu_rpc_answer__unpack(NULL, (size_t) k, buffer);
        if (!*ret) {
                *ret_fd = fd_close(*ret_fd);
                return error_set(error, EBADMSG, NULL, "criu answered what is no message of its protocol");
        }
        return 0;
}

static int answer_notice(const CriuProcess *p, bool success) {
        CriuRpcRequest message = CRIU_RPC_REQUEST__INIT;

        message.type = CRIU_RPC_TYPE__NOTIFY;
        message.has_notify_success = true;
        message.notify_success = success;
        return send_request(p, &message);
}

static int handle_notice(const CriuRun *run, const CriuProcess *p, const CriuRpcAnswer *answer, int *fd, Error *error) {
        const CriuRpcNotice *notice = answer->notice;
        int r = 0, w;

        if (run->notify && notice && notice->script)
                r = run->notify(notice->script, notice->has_pid ? notice->pid : 0, fd, run->arg, error);
        w = answer_notice(p, r >= 0);
        return r < 0 ? r : w < 0 ? error_set_errno(error, w, "talking to criu") : 0;
}

static int explain(const CriuRpcAnswer *answer, Error *error) {
        int errnum = answer->has_error_number && answer->error_number != 0 ? answer->error_number : EIO;

        if (!isempty(answer->error_message))
                return error_set(error, errnum, "CriuFailed", "%s", answer->error_message);
        return error_set(error, errnum, "CriuFailed", "criu failed%s%s", errnum == EIO ? "" : ": ",
                         errnum == EIO ? "" : strerror(abs(errnum)));
}

/* Notifications, until the answer to the request is there. */
static int converse(const CriuRun *run, const CriuProcess *p, const CriuRpcRequest *message, CriuRpcAnswer **ret,
                    bool *ret_answered, Error *error) {
        int r = send_request(p, message);

        /* One that has ended before it heard us has given no answer either. */
        if (r < 0 && r != -EPIPE)
                return error_set_errno(error, r, "talking to criu");
        for (;;) {
                _cleanup_fd_ int fd = -EBADF;
                CriuRpcAnswer *answer;

                r = receive(p, run->patience_usec, &answer, &fd, error);
                if (r < 0)
                        return r;
                if (answer->type == (uint32_t) CRIU_RPC_TYPE__NOTIFY && answer->success) {
                        /* Where it fails criu cleans up and answers once more. */
                        (void) handle_notice(run, p, answer, &fd, error);
                        criu_rpc_answer__free_unpacked(answer, NULL);
                        continue;
                }
                *ret_answered = true;
                if (!answer->success || answer->type != (uint32_t) message->type) {
                        r = explain(answer, error);
                        criu_rpc_answer__free_unpacked(answer, NULL);
                        return r;
                }
                if (error_is_set(error)) {
                        criu_rpc_answer__free_unpacked(answer, NULL);
                        return -error->errnum;
                }
                *ret = answer;
                return 0;
        }
}

/* Starts criu for one request and ends it again. */
static int serve(const CriuRun *run, const CriuRpcRequest *message, CriuRpcAnswer **ret, Error *error) {
        CriuProcess p = { .socket = -EBADF, .pidfd = -EBADF };
        CriuRpcAnswer *answer = NULL;
        bool answered = false;
        int r, w, status;

        r = start(run, &p, error);
        if (r < 0)
                return r;
        r = converse(run, &p, message, &answer, &answered, error);
        /* With its answer it has cleaned up, and ends by itself. */
        w = end(&p, !answered, &status);
        /* After a pre-dump criu waits for the next one, and calls it a failure
         * that there is none. */
        if (r >= 0 && (w < 0 || status != 0) && message->type != CRIU_RPC_TYPE__PRE_DUMP)
                r = error_set(error, EIO, "CriuFailed", "criu answered that all is well, and ended with status %d", status);
        if (r < 0) {
                if (answer)
                        criu_rpc_answer__free_unpacked(answer, NULL);
                return r;
        }
        *ret = answer;
        return 0;
}

pid_t criu_run(const CriuRun *run, Error *error) {
        CriuRpcRequest message = CRIU_RPC_REQUEST__INIT;
        CriuRpcAnswer *answer;
        pid_t pid;
        int r;

        message.type = run->request->type;
        message.options = &run->request->message;
        r = serve(run, &message, &answer, error);
        if (r < 0)
                return r;
        pid = answer->restored ? answer->restored->pid : 0;
        criu_rpc_answer__free_unpacked(answer, NULL);
        return pid;
}

/* --- what it can do --- */

static int check_version(const CriuOptions *o, const CriuRpcVersion *v, unsigned *ret, Error *error) {
        unsigned version = (unsigned) v->major * 10000 + (unsigned) v->minor * 100 + (unsigned) (v->has_sublevel ? v->sublevel : 0);

        if (version < CRIU_VERSION_MIN)
                return error_set(error, EOPNOTSUPP, "NotSupported", "criu %d.%d is too old: %d.%d or newer is wanted", v->major,
                                 v->minor, CRIU_VERSION_MIN / 10000, CRIU_VERSION_MIN / 100 % 100);
        if (o->network_lock != CRIU_NETWORK_LOCK_AUTO && version < CRIU_VERSION_NETWORK_LOCK)
                return error_set(error, EOPNOTSUPP, "NotSupported", "--network-lock needs criu 3.17; this is %d.%d", v->major,
                                 v->minor);
        *ret = version;
        return 0;
}

static int check_features(const CriuRun *run, bool memory, bool lazy, Error *error) {
        CriuRpcRequest message = CRIU_RPC_REQUEST__INIT;
        CriuRpcFeatures features = CRIU_RPC_FEATURES__INIT;
        CriuRpcAnswer *answer;
        bool has_memory, has_lazy;
        int r;

        message.type = CRIU_RPC_TYPE__FEATURE_CHECK;
        message.features = &features;
        features.has_memory_tracking = features.memory_tracking = memory;
        features.has_lazy_pages = features.lazy_pages = lazy;
        r = serve(run, &message, &answer, error);
        if (r < 0)
                return error_prefix(error, "asking criu what it can do");
        has_memory = answer->features && answer->features->memory_tracking;
        has_lazy = answer->features && answer->features->lazy_pages;
        criu_rpc_answer__free_unpacked(answer, NULL);
        if (memory && !has_memory)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "--pre-dump and --parent-path need a kernel that tracks changes of memory (CONFIG_MEM_SOFT_DIRTY)");
        if (lazy && !has_lazy)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "--lazy-pages needs a kernel with userfaultfd, and the right to use it");
        return 0;
}

int criu_check(const CriuOptions *o, unsigned *ret_version, Error *error) {
        CriuRpcRequest message = CRIU_RPC_REQUEST__INIT;
        bool memory = o->pre_dump || o->parent_path;
        CriuRequest none = {};
        CriuRun run = { .request = &none, .cgroup = -1, .patience_usec = PATIENCE_CHECK_USEC, .dies_with_us = true };
        CriuRpcAnswer *answer;
        int r;

        if (geteuid() != 0)
                return error_set(error, EPERM, "NotSupported", "only root can checkpoint and restore containers");
        message.type = CRIU_RPC_TYPE__VERSION;
        r = serve(&run, &message, &answer, error);
        if (r < 0)
                return r;
        r = answer->version ? check_version(o, answer->version, ret_version, error)
                            : error_set(error, EOPNOTSUPP, "NotSupported", "criu does not tell its version: 3.16 or newer is wanted");
        criu_rpc_answer__free_unpacked(answer, NULL);
        if (r >= 0 && (memory || o->lazy_pages))
                r = check_features(&run, memory, o->lazy_pages, error);
        return r;
}
