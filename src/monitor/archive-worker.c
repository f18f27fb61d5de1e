/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "archive-call.h"
#include "archive-task.h"
#include "archive-worker.h"
#include "cgroup.h"
#include "clock.h"
#include "fd.h"
#include "name.h"
#include "parse.h"
#include "process.h"
#include "sandbox.h"
#include "wire.h"

typedef struct Worker {
        int control;
        char text[ARCHIVE_MESSAGE_MAX + 1];
        const char *name;
        pid_t leader; /* 0: the container does not run */
        bool in;
        ArchiveTask task;
        Plan plan;
        int plan_fd, lock;
        int lease;         /* how ctrd counts what its user has under way */
        bool has_lease;
        int leader_fd, group_fd;
        char *payload, *group; /* allocated; NULL: no group was made */
} Worker;

static void tell_progress(uint64_t bytes, void *userdata) {
        Worker *w = userdata;
        WireWriter m;

        wire_begin(&m);
        wire_put(&m, "EVENT", "progress");
        wire_put_u64(&m, "BYTES", bytes);
        /* Who does not read it has the next, and is not waited for. */
        (void) send(w->control, m.data, m.size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int tell_failure(Worker *w, const Error *error, int r) {
        WireWriter m;

        wire_begin(&m);
        wire_put(&m, "EVENT", "failed");
        wire_put_u64(&m, "ERRNO", (uint64_t) (error_is_set(error) ? error->errnum : -r));
        if (error_is_set(error) && error->name)
                wire_put(&m, "ERROR", error->name);
        wire_put(&m, "MESSAGE", error_is_set(error) ? error_message(error) : strerror(-r));
        return fd_send(w->control, m.data, m.size, NULL, 0);
}

static int tell_done(Worker *w) {
        WireWriter m;

        wire_begin(&m);
        wire_put(&m, "EVENT", "done");
        wire_put_u64(&m, "BYTES", w->task.bytes);
        wire_put_u64(&m, "SKIPPED", w->task.n_skipped);
        return fd_send(w->control, m.data, m.size, NULL, 0);
}

static int take_key(Worker *w, const char *key, const char *value) {
        uint32_t number = 0;

        if (streq(key, "DIRECTION")) {
                w->in = streq(value, "in");
                return w->in || streq(value, "out") ? 0 : -EBADMSG;
        }
        if (streq(key, "NAME")) {
                w->name = value;
                return name_is_valid(value) ? 0 : -EBADMSG;
        }
        if (streq(key, "PATH")) {
                w->task.path = value;
                return *value == '/' ? 0 : -EBADMSG;
        }
        if (streq(key, "PRESERVE") || streq(key, "DIRECTORY") || streq(key, "LEASE")) {
                *(streq(key, "PRESERVE") ? &w->task.preserve : streq(key, "LEASE") ? &w->has_lease : &w->task.directory) =
                        streq(value, "yes");
                return 0;
        }
        if (parse_u32(value, &number) < 0)
                return -EBADMSG;
        if (streq(key, "LEADER"))
                w->leader = (pid_t) number;
        else if (streq(key, "UID") || streq(key, "GID")) {
                *(streq(key, "UID") ? &w->task.uid : &w->task.gid) = number;
                w->task.owned = true;
        } else
                return -EBADMSG;
        return 0;
}

static int receive_request(Worker *w) {
        const char *key, *value;
        int fds[3] = { -EBADF, -EBADF, -EBADF }, r;
        WireReader reader;
        size_t n_fds = 0, n_expected;
        ssize_t n;

        n = fd_receive(w->control, w->text, ARCHIVE_MESSAGE_MAX, fds, ELEMENTSOF(fds), &n_fds);
        if (n <= 0)
                return n < 0 ? (int) n : -ECONNRESET;
        wire_read_begin(&reader, w->text, (size_t) n);
        while ((r = wire_read_next(&reader, &key, &value)) > 0) {
                r = take_key(w, key, value);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        n_expected = 1 + (w->leader > 0 ? 0 : 1) + (w->has_lease ? 1 : 0);
        if (!w->name || !w->task.path || n_fds != n_expected)
                return -EBADMSG;
        w->task.stream = fds[0];
        w->plan_fd = w->leader > 0 ? -EBADF : fds[1];
        w->lease = w->has_lease ? fds[n_expected - 1] : -EBADF;
        return 0;
}

/* One at a time has the root of a container that does not run, and no monitor mounts it
 * meanwhile: two overlays on one upper directory spoil it. Held until the worker is
 * gone, whatever becomes of ctrd; so it is asked once more whether that is there. */
static int prepare_stopped(Worker *w, Error *error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = fd_read_all(w->plan_fd, PLAN_MAX, &text, &size);
        if (r >= 0)
                r = plan_parse(text, size, &w->plan, error);
        if (r < 0)
                return error_set_errno(error, r, "The plan cannot be read");
        w->lock = open(w->plan.store, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (w->lock < 0)
                return error_set_errno(error, errno, "The directory %s cannot be opened", w->plan.store);
        if (flock(w->lock, LOCK_EX | LOCK_NB) < 0)
                return error_set(error, EBUSY, "Busy", "the files of %s are in use: try again when that has ended", w->name);
        return archive_task_check(&w->task, error);
}

/* A group that the container has not made before us: it could be one that is frozen. */
static int prepare_running(Worker *w, Error *error) {
        int r;

        r = w->leader_fd = process_pidfd(w->leader);
        if (r == -ESRCH)
                return error_set(error, ESRCH, "NotRunning", "The container has ended");
        if (r < 0)
                return error_set_errno(error, r, "The container's first process cannot be watched");
        r = sandbox_payload(w->name, w->leader, &w->payload, error);
        if (r < 0)
                return r;
        r = w->group_fd = cgroup_create_random(w->payload, "ctr.copy-", &w->group);
        return r < 0 ? error_set_errno(error, r, "A control group in %s cannot be made", w->payload) : 0;
}

static int enter(Worker *w, Error *error) {
        int r = sandbox_leave_host(error);

        if (r < 0)
                return r;
        r = w->leader > 0 ? sandbox_enter_running(w->leader, w->leader_fd, w->group_fd, error)
                          : sandbox_enter_stopped(&w->plan, error);
        w->leader_fd = fd_close(w->leader_fd);
        w->group_fd = fd_close(w->group_fd);
        return r;
}

static int do_copy(Worker *w, pid_t parent, Error *error) {
        int r = enter(w, error);

        /* With the parent goes who holds the lock. Not sooner: a change of users forgets it. */
        if (r >= 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent))
                r = error_set_errno(error, ECANCELED, "The copy was given up");
        if (r >= 0)
                r = sandbox_close(SANDBOX_WRITES_ANYWHERE, error);
        if (r < 0)
                return r;
        return w->in ? archive_unpack(&w->task, error) : archive_pack(&w->task, error);
}

static int child(Worker *w, pid_t parent) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r;

        /* They are the parent's: nothing of the host's is open here but streams. */
        w->lock = fd_close(w->lock);
        w->lease = fd_close(w->lease);
        w->plan_fd = fd_close(w->plan_fd);
        umask(0022);
        w->task.progress = tell_progress;
        w->task.userdata = w;
        r = do_copy(w, parent, &error);
        if (r >= 0)
                r = tell_done(w);
        else
                r = tell_failure(w, &error, r);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Waits for the child, which sees by itself that it is to stop; a file system of the
 * container's own may hold it up, and then it is killed. */
static int watch(Worker *w, int pidfd) {
        struct pollfd p[] = {
                { .fd = pidfd, .events = POLLIN },
                { .fd = w->control, .events = POLLIN | POLLRDHUP },
        };
        uint64_t deadline = 0;

        for (;;) {
                int timeout = -1;

                if (deadline > 0) {
                        uint64_t now = now_usec(CLOCK_MONOTONIC);

                        p[1].fd = -1;
                        if (now >= deadline)
                                return process_signal(pidfd, SIGKILL);
                        timeout = (int) ((deadline - now) / USEC_PER_MSEC) + 1;
                }
                if (poll(p, ELEMENTSOF(p), timeout) < 0 && errno != EINTR)
                        return -errno;
                if (p[0].revents)
                        return 0;
                if (p[1].revents && deadline == 0)
                        deadline = now_usec(CLOCK_MONOTONIC) + ARCHIVE_GRACE_SEC * USEC_PER_SEC;
        }
}

static void remove_group(Worker *w) {
        _cleanup_free_ char *path = NULL;

        if (w->group && asprintf(&path, "%s/%s", w->payload, w->group) >= 0)
                (void) cgroup_remove(path);
        w->group_fd = fd_close(w->group_fd);
        free(w->group);
        free(w->payload);
        w->group = w->payload = NULL;
}

static int run_child(Worker *w, Error *error) {
        _cleanup_fd_ int pidfd = -EBADF;
        int status = 0, sig = 0, r;
        pid_t pid, self;

        self = getpid();
        pid = fork();
        if (pid == 0)
                _exit(child(w, self));
        if (pid < 0)
                return error_set_errno(error, errno, "A process cannot be made");
        r = pidfd = process_pidfd(pid);
        if (r >= 0)
                r = watch(w, pidfd);
        /* Who cannot be killed is not waited for: it is told with our end (PR_SET_PDEATHSIG). */
        if (r < 0 && kill(pid, SIGKILL) < 0)
                return error_set_errno(error, errno, "The worker that copies cannot be ended");
        r = pidfd < 0 ? process_wait_pid(pid) : process_wait(pidfd, &status, &sig);
        w->lock = fd_close(w->lock); /* before ctrd is told, by our end, that it may go on */
        if (sig == SIGKILL)
                return error_set(error, EIO, NULL, "The copy was killed: the container has ended, or its memory is used up");
        if (sig > 0)
                return error_set(error, EIO, NULL, "The worker that copied has crashed: signal %d", sig);
        return r < 0 ? r : status == EXIT_SUCCESS ? 0 : -ECANCELED;
}

static int run(Worker *w, Error *error) {
        int r = w->leader > 0 ? prepare_running(w, error) : prepare_stopped(w, error);

        if (r >= 0)
                r = run_child(w, error);
        remove_group(w);
        return r;
}

int archive_worker_run(int control) {
        static Worker w;
        _cleanup_error_ Error error = ERROR_INIT;
        int r;

        w = (Worker){ .control = control, .task = ARCHIVE_TASK_INIT, .plan_fd = -EBADF, .lock = -EBADF,
                      .lease = -EBADF, .leader_fd = -EBADF, .group_fd = -EBADF };
        w.task.control = control;
        w.task.inside = true;
        (void) signal(SIGPIPE, SIG_IGN);
        r = receive_request(&w);
        if (r == -ECONNRESET)
                return EXIT_FAILURE;
        r = r < 0 ? error_set_errno(&error, r, "The request cannot be understood") : run(&w, &error);
        if (r < 0 && error_is_set(&error))
                (void) tell_failure(&w, &error, r);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
