/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "hook.h"
#include "log.h"
#include "process.h"

#define STDERR_MAX 2048

static int state_fd(const char *state) {
        _cleanup_fd_ int fd = memfd_create("state", MFD_CLOEXEC);
        int r;

        if (fd < 0)
                return -errno;
        r = fd_write_all(fd, state, strlen(state));
        if (r < 0)
                return r;
        return lseek(fd, 0, SEEK_SET) < 0 ? -errno : TAKE_FD(fd);
}

/* Reads stderr until the hook has ended; the last of it stays in text. */
static int follow(int pidfd, int output, uint64_t timeout_usec, char text[static STDERR_MAX + 1]) {
        uint64_t end = timeout_usec == USEC_INFINITY ? USEC_INFINITY : now_usec(CLOCK_MONOTONIC) + timeout_usec;
        size_t used = 0;
        bool open_still = true;

        for (;;) {
                struct pollfd p[2] = { { .fd = pidfd, .events = POLLIN },
                                       { .fd = open_still ? output : -1, .events = POLLIN } };
                int timeout = -1;

                if (end != USEC_INFINITY) {
                        uint64_t now = now_usec(CLOCK_MONOTONIC);

                        if (now >= end)
                                return -ETIMEDOUT;
                        timeout = (int) MIN((end - now) / USEC_PER_MSEC + 1, (uint64_t) INT32_MAX);
                }
                if (poll(p, 2, timeout) < 0 && errno != EINTR)
                        return -errno;

                if (p[1].revents != 0) {
                        char discard[512];
                        size_t room = STDERR_MAX - used;
                        ssize_t k = read(output, room > 0 ? text + used : discard, room > 0 ? room : sizeof(discard));

                        if (k > 0) {
                                used += room > 0 ? (size_t) k : 0;
                                text[used] = 0;
                                continue; /* all that it wrote, before its end is looked at */
                        }
                        if (k == 0)
                                open_still = false;
                }
                /* A process that the hook left behind may hold its stderr: the
                 * hook's own end is what counts. */
                if (p[0].revents != 0)
                        return 0;
        }
}

static int run_one(const ConfigHook *hook, HookPoint point, char *const *env, int state, Error *error) {
        char *const own_args[] = { (char *) hook->path, NULL };
        _cleanup_fd_ int pidfd = -EBADF, in = -EBADF, out = -EBADF;
        const char *name = hook_point_to_string(point);
        char text[STDERR_MAX + 1] = "";
        int ends[2], status, sig, r;

        if (lseek(state, 0, SEEK_SET) < 0 || pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "%s hook %s", name, hook->path);
        in = ends[0];
        out = ends[1];
        (void) fd_set_nonblock(in, true);

        r = process_spawn(&(ProcessSpawn){ .path = hook->path,
                                           .argv = hook->args && *hook->args ? hook->args : own_args,
                                           .env = hook->env ?: env,
                                           .stdio = { state, -1, out } },
                          NULL, &pidfd);
        if (r < 0)
                return error_set_errno(error, r, "%s hook %s", name, hook->path);
        out = fd_close(out);

        r = follow(pidfd, in, hook->timeout_usec, text);
        if (r < 0)
                (void) process_signal(pidfd, SIGKILL);
        int w = process_wait(pidfd, &status, &sig);
        for (size_t n = strlen(text); n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' ');)
                text[--n] = 0;

        if (r == -ETIMEDOUT)
                return error_set(error, ETIMEDOUT, "HookFailed", "%s hook %s took longer than %u s and was killed",
                                 name, hook->path, (unsigned) (hook->timeout_usec / USEC_PER_SEC));
        if (r < 0 || w < 0)
                return error_set_errno(error, r < 0 ? r : w, "%s hook %s", name, hook->path);
        if (sig != 0)
                return error_set(error, ECANCELED, "HookFailed", "%s hook %s was killed by signal %d%s%s", name,
                                 hook->path, sig, *text ? ": " : "", text);
        if (status != 0)
                return error_set(error, ECANCELED, "HookFailed", "%s hook %s failed with status %d%s%s", name,
                                 hook->path, status, *text ? ": " : "", text);
        return 0;
}

int hook_run(const Config *c, HookPoint point, const char *state, Error *error) {
        const ConfigHooks *hooks = c->hooks + point;
        char *const none[] = { NULL }, *const *env = NULL;
        _cleanup_fd_ int fd = -EBADF;

        /* A hook without an environment gets the runtime's, as with runc and crun;
         * what runs as a program of the container sees no more than one of those. */
        if (point == HOOK_START_CONTAINER)
                env = c->process.env ?: none;
        if (hooks->n_hooks == 0)
                return 0;
        fd = state_fd(state);
        if (fd < 0)
                return error_set_errno(error, fd, "state for the %s hooks", hook_point_to_string(point));
        for (size_t i = 0; i < hooks->n_hooks; i++) {
                int r = run_one(hooks->hooks + i, point, env, fd, error);

                if (r < 0)
                        return r;
        }
        return 0;
}

void hook_run_late(const Config *c, HookPoint point, const char *state) {
        const ConfigHooks *hooks = c->hooks + point;
        _cleanup_fd_ int fd = state_fd(state);

        if (fd < 0)
                log_warning("state for the %s hooks: %s", hook_point_to_string(point), strerror(-fd));
        for (size_t i = 0; i < hooks->n_hooks && fd >= 0; i++) {
                _cleanup_error_ Error error = ERROR_INIT;

                if (run_one(hooks->hooks + i, point, NULL, fd, &error) < 0)
                        log_warning("%s", error_message(&error));
        }
}
