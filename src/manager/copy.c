/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "archive-call.h"
#include "container-run.h"
#include "copy.h"
#include "fd.h"
#include "launcher.h"
#include "manager.h"
#include "parse.h"
#include "socket.h"
#include "unit-worker.h"
#include "wire.h"

/* A worker that cannot be killed, held up by a file system that a container serves, is
 * not waited for. */
#define CANCEL_USEC ((ARCHIVE_GRACE_SEC + 2) * USEC_PER_SEC)

struct Copy {
        Manager *manager;
        char *container; /* which may go meanwhile */
        char *key;       /* of the job */
        Job *job;        /* NULL: it is given up, and its worker is not gone yet */
        LauncherRequest *launch;
        UnitRequest *scope;
        bool stopped;    /* the container does not run */
        char *request;   /* until it is sent, with these */
        size_t request_size, n_fds;
        int fds[3];
        int control;
        sd_event_source *io, *timer;
        bool done;
        Error failure;
};

static void drop_request(Copy *copy) {
        while (copy->n_fds > 0)
                fd_close(copy->fds[--copy->n_fds]);
        free(copy->request);
        copy->request = NULL;
}

Copy *copy_free(Copy *copy) {
        if (!copy)
                return NULL;
        launcher_request_drop(copy->launch);
        unit_request_drop(copy->scope);
        drop_request(copy);
        sd_event_source_disable_unref(copy->io);
        sd_event_source_disable_unref(copy->timer);
        fd_close(copy->control);
        error_clear(&copy->failure);
        free(copy->container);
        free(copy->key);
        free(copy);
        return NULL;
}
DEFINE_CLEANUP(Copy *, copy_free)

static void forget(Copy *copy) {
        map_remove(&copy->manager->copies, copy->key);
        copy_free(copy);
}

/* Ends its job. */
static void conclude(Copy *copy) {
        Container *c = map_get(&copy->manager->containers, copy->container);
        _cleanup_error_ Error failure = ERROR_INIT;
        Job *job = copy->job;

        if (job->canceling && !copy->done)
                error_set(&failure, ECANCELED, "Canceled", "the copy was canceled");
        else if (error_is_set(&copy->failure))
                error_move(&failure, &copy->failure);
        else if (!copy->done)
                error_set(&failure, EIO, NULL, "the worker that copied has ended without a word");
        copy->job = NULL;
        if (c && c->job == job) {
                c->job = NULL;
                container_changed(c, "Job", NULL);
                recovery_look(c);
        }
        job_finish(job, &failure);
}

static void finish(Copy *copy) {
        if (copy->job)
                conclude(copy);
        forget(copy);
}

/* Names of errors are constants. */
static const char *known_name(const char *name) {
        static const char *const known[] = { "Busy", "Canceled", "InvalidArguments", "NotRunning", "NotSupported" };

        for (size_t i = 0; name && i < ELEMENTSOF(known); i++)
                if (streq(known[i], name))
                        return known[i];
        return NULL;
}

static void show_progress(Copy *copy, uint64_t bytes, uint64_t skipped, unsigned percent) {
        char text[128];
        int n = snprintf(text, sizeof(text), "%llu.%llu MiB copied", (unsigned long long) (bytes >> 20),
                         (unsigned long long) ((bytes & 0xfffff) * 10 >> 20));

        if (skipped > 0)
                snprintf(text + n, sizeof(text) - (size_t) n, "; left out: %llu", (unsigned long long) skipped);
        job_progress(copy->job, percent, text);
}

static void take_event(Copy *copy, char *data, size_t size) {
        const char *key, *value, *event = "", *message = NULL, *name = NULL;
        uint64_t bytes = 0, skipped = 0, errnum = EIO;
        WireReader reader;

        wire_read_begin(&reader, data, size);
        while (wire_read_next(&reader, &key, &value) > 0) {
                if (streq(key, "EVENT"))
                        event = value;
                else if (streq(key, "MESSAGE"))
                        message = value;
                else if (streq(key, "ERROR"))
                        name = known_name(value);
                else if (streq(key, "BYTES"))
                        (void) parse_uint_max(value, UINT64_MAX, &bytes);
                else if (streq(key, "SKIPPED"))
                        (void) parse_uint_max(value, UINT64_MAX, &skipped);
                else if (streq(key, "ERRNO"))
                        (void) parse_uint_max(value, INT_MAX, &errnum);
        }
        if (streq(event, "failed"))
                error_set(&copy->failure, (int) errnum ?: EIO, name, "%s", message ?: "the copy failed");
        else if (streq(event, "done") && !error_is_set(&copy->failure)) {
                copy->done = true;
                show_progress(copy, bytes, skipped, 100);
        } else if (streq(event, "progress"))
                show_progress(copy, bytes, 0, 0);
}

/* The end of the connection is the worker's: by then all that it held is given back. */
static int on_control(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        char data[ARCHIVE_MESSAGE_MAX + 1];
        Copy *copy = userdata;
        ssize_t n;

        n = fd_receive(fd, data, ARCHIVE_MESSAGE_MAX, NULL, 0, NULL);
        if (n == -EAGAIN || n == -EINTR)
                return 0;
        if (n <= 0)
                finish(copy);
        else if (copy->job)
                take_event(copy, data, (size_t) n);
        return 0;
}

/* What it holds stays held, and it counts, until its end is seen. */
static int on_given_up(sd_event_source *source, uint64_t usec, void *userdata) {
        conclude(userdata);
        return 0;
}

static void cancel(Job *job, void *userdata) {
        Copy *copy = userdata;

        (void) shutdown(copy->control, SHUT_WR);
        (void) sd_event_add_time_relative(copy->manager->event, &copy->timer, CLOCK_MONOTONIC, CANCEL_USEC, 0, on_given_up, copy);
}

static int send_request(Copy *copy, Error *error) {
        int r = fd_send(copy->control, copy->request, copy->request_size, copy->fds, copy->n_fds);

        drop_request(copy);
        return r < 0 ? error_set_errno(error, r, "cannot talk to the worker") : 0;
}

static void fail(Copy *copy, const Error *error) {
        error_set(&copy->failure, error->errnum, error->name, "%s", error_message(error));
        finish(copy);
}

static void on_bounded(const Error *failure, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;
        Copy *copy = userdata;

        copy->scope = NULL;
        /* One that was canceled meanwhile ends by itself. */
        if (!failure && copy->job && !copy->job->canceling && send_request(copy, &error) < 0)
                failure = &error;
        if (failure)
                fail(copy, failure);
}

/* Of a container that runs, what is copied is paid for by its control group. */
static int bound_worker(Copy *copy, pid_t pid, Error *error) {
        char unit[UNIT_NAME_MAX], description[256];
        int r;

        snprintf(unit, sizeof(unit), "ctrd-copy-%s.scope", copy->key);
        snprintf(description, sizeof(description), "Copy of Files of Container %s", copy->container);
        r = unit_bound_worker(copy->manager->units, unit, description, pid, on_bounded, copy, &copy->scope);
        return r < 0 ? error_set_errno(error, r, "cannot make the unit %s", unit) : 0;
}

static void on_started(pid_t pid, const Error *failure, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;
        Copy *copy = userdata;

        copy->launch = NULL;
        if (!failure && copy->stopped && bound_worker(copy, pid, &error) < 0)
                failure = &error;
        if (failure)
                fail(copy, failure);
}

int copy_request_check(const CopyRequest *request, Error *error) {
        if (request->path[0] != '/')
                return error_set(error, EINVAL, "InvalidArguments", "\"%.100s\" is no absolute path", request->path);
        if (strlen(request->path) > COPY_PATH_MAX)
                return error_set(error, ENAMETOOLONG, "InvalidArguments", "a path has at most %d bytes", COPY_PATH_MAX);
        for (const char *p = request->path; *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        return error_set(error, EINVAL, "InvalidArguments",
                                         "a path with control characters in it cannot be given: copy the directory above it");
        if (request->preserve && (request->uid != 0 || request->gid != 0))
                return error_set(error, EINVAL, "InvalidArguments", "owners are kept or given, not both");
        if (request->uid == UINT32_MAX || request->gid == UINT32_MAX)
                return error_set(error, EINVAL, "InvalidArguments", "%u is no user and no group", UINT32_MAX);
        if (!fd_is_stream(request->stream))
                return error_set(error, EINVAL, "InvalidArguments",
                                 "the stream is neither a pipe nor a stream socket of AF_UNIX: put a pipe before what it is, as cat(1) does");
        return 0;
}

static size_t count_copies(const Container *c) {
        size_t n = 0;
        Copy *copy;

        MAP_FOREACH(copy, &c->manager->copies)
                n += streq(copy->container, c->name) ? 1 : 0;
        return n;
}

static int check_state(const Container *c, Error *error) {
        if (count_copies(c) >= COPIES_MAX)
                return error_set(error, EBUSY, "LimitsExceeded", "%d copies of %s are under way already: try again when one has ended",
                                 COPIES_MAX, c->name);
        if (map_size(&c->manager->copies) >= COPIES_ALL_MAX)
                return error_set(error, EBUSY, "LimitsExceeded", "%d copies are under way already: try again when one has ended",
                                 COPIES_ALL_MAX);
        if (!container_state_is_active(c->state))
                return c->job || c->ending
                               ? error_set(error, EBUSY, "Busy",
                                           "container %s does not run, and something else is being done with it: try again when that has ended",
                                           c->name)
                               : container_check_unused(c, error);
        if (c->state == CONTAINER_FROZEN)
                return error_set(error, EBUSY, "Busy", "container %s is frozen: thaw it first", c->name);
        if (!c->link || c->ending || c->leader <= 0 || (c->phase != MONITOR_RUNNING && c->phase != MONITOR_READY))
                return error_set(error, EBUSY, "Busy", "container %s is %s: try again when it is running or stopped", c->name,
                                 container_state_to_string(c->state));
        return 0;
}

/* The plan of a container that does not run, as it would be for a start. */
static int make_plan(Container *c, Error *error) {
        _cleanup_(selinux_contexts_clear) SelinuxContexts contexts = {};
        _cleanup_free_ char *plan = NULL;
        char dir[PATH_MAX];
        Launch launch;
        int r;

        container_reload_settings(c);
        r = run_renumber(c, error);
        if (r >= 0)
                r = selinux_contexts(c->settings, &c->identity, &contexts, error);
        if (r >= 0)
                r = container_launch(c, &launch, dir, sizeof(dir), error);
        if (r < 0)
                return r;
        launch.selinux = contexts;
        r = plan_compile(&launch, &plan, error);
        return r < 0 ? r : fd_sealed("plan", plan, strlen(plan));
}

static int keep_fd(Copy *copy, int fd) {
        int kept = fcntl(fd, F_DUPFD_CLOEXEC, 0);

        if (kept < 0)
                return -errno;
        copy->fds[copy->n_fds++] = kept;
        return 0;
}

static int make_request(Copy *copy, Container *c, const CopyRequest *request, int plan, Error *error) {
        WireWriter w;
        int r;

        wire_begin(&w);
        wire_put(&w, "DIRECTION", request->in ? "in" : "out");
        wire_put(&w, "NAME", c->name);
        wire_put(&w, "PATH", request->path);
        if (plan < 0)
                wire_put_u64(&w, "LEADER", (uint64_t) c->leader);
        if (request->preserve)
                wire_put(&w, "PRESERVE", "yes");
        else if (request->in) {
                wire_put_u64(&w, "UID", request->uid);
                wire_put_u64(&w, "GID", request->gid);
        }
        if (request->directory)
                wire_put(&w, "DIRECTORY", "yes");
        if (request->lease >= 0)
                wire_put(&w, "LEASE", "yes");
        if (w.overflow)
                return error_set(error, ENAMETOOLONG, "InvalidArguments", "the path is too long");
        r = keep_fd(copy, request->stream);
        if (r >= 0 && plan >= 0)
                r = keep_fd(copy, plan);
        if (r >= 0 && request->lease >= 0)
                r = keep_fd(copy, request->lease);
        if (r < 0)
                return r;
        copy->request = malloc(w.size);
        if (!copy->request)
                return -ENOMEM;
        copy->request_size = w.size;
        memcpy(copy->request, w.data, w.size);
        return 0;
}

int container_copy(Container *c, const CopyRequest *request, Job *job, Error *error) {
        _cleanup_(copy_freep) Copy *copy = NULL;
        _cleanup_fd_ int plan = -EBADF, theirs = -EBADF;
        bool stopped = !container_state_is_active(c->state);
        int pair[2], r;

        r = check_state(c, error);
        if (r >= 0 && stopped)
                r = plan = make_plan(c, error);
        if (r < 0)
                return r;
        copy = calloc(1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        copy->manager = c->manager;
        copy->control = -EBADF;
        copy->stopped = stopped;
        copy->container = strdup(c->name);
        copy->key = strdup(job->key);
        r = copy->container && copy->key ? socket_pair(SOCK_SEQPACKET, pair) : -ENOMEM;
        if (r < 0)
                return r;
        copy->control = pair[0];
        theirs = pair[1];

        r = fd_set_nonblock(copy->control, true);
        if (r >= 0)
                r = sd_event_add_io(c->manager->event, &copy->io, copy->control, EPOLLIN, on_control, copy);
        if (r >= 0)
                r = make_request(copy, c, request, plan, error);
        if (r >= 0 && !stopped)
                r = send_request(copy, error);
        if (r >= 0)
                r = map_put(&c->manager->copies, copy->key, copy);
        if (r < 0)
                return r;
        copy->job = job;
        r = launcher_spawn(c->manager->event, LAUNCHER_ARCHIVE, c->name, theirs, on_started, copy, &copy->launch, error);
        if (r < 0) {
                map_remove(&c->manager->copies, copy->key);
                return r;
        }

        job->cancel = cancel;
        job->userdata = copy;
        job_progress(job, 0, request->in ? "Copying into the container" : "Copying out of the container");
        if (stopped)
                run_take_job(c, job);
        copy = NULL; /* the manager's */
        return 0;
}
