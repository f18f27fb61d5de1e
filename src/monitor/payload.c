/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup-processes.h"
#include "fd.h"
#include "parse.h"
#include "payload.h"
#include "process.h"

#define DEPTH_MAX 64
#define SESSION_PREFIX "ctr.exec-"

/* Nobody but us in it: a mistake must not take over a cgroup of the host. */
static int scope_check(int fd, const char *scope, Error *error) {
        _cleanup_free_ char *procs = NULL;
        char own[16];
        int r;

        if (streq(scope, "/") || !endswith(scope, ".scope"))
                return error_set(error, EPERM, NULL,
                                 "The monitor is in the control group %s; it works in a scope of its own only.", scope);
        r = cgroup_read(fd, "cgroup.procs", &procs);
        if (r < 0)
                return error_set_errno(error, r, "The processes of the control group %s cannot be read", scope);
        snprintf(own, sizeof(own), "%d\n", (int) getpid());
        if (!streq(procs, own))
                return error_set(error, EBUSY, NULL,
                                 "The control group %s holds other processes than the container's monitor.", scope);
        return 0;
}

static void enable_controllers(int fd) {
        _cleanup_free_ char *available = NULL;
        const char *words[32];
        size_t n = 0;
        char *save = NULL;

        if (cgroup_read(fd, "cgroup.controllers", &available) < 0)
                return;
        for (char *p = strtok_r(available, " \n", &save); p && n + 1 < ELEMENTSOF(words);
             p = strtok_r(NULL, " \n", &save))
                words[n++] = p;
        words[n] = NULL;
        /* The limits are the scope's and hold with no controller below it; what
         * cannot be enabled is what the guest cannot divide further. */
        (void) cgroup_enable(fd, words);
}

int payload_enter_scope(Payload *payload, Error *error) {
        _cleanup_free_ char *scope = NULL, *monitor = NULL, *path = NULL;
        _cleanup_fd_ int fd = -EBADF, own = -EBADF;
        int r;

        if (payload->scope)
                return 0;

        r = cgroup_of_pid(0, &scope);
        if (r < 0)
                return error_set_errno(error, r, "The monitor's control group cannot be found out");
        fd = cgroup_open(scope);
        if (fd < 0)
                return error_set_errno(error, fd, "The control group %s cannot be opened", scope);
        r = scope_check(fd, scope, error);
        if (r < 0)
                return r;
        if (asprintf(&monitor, "%s/monitor", scope) < 0 || asprintf(&path, "%s/payload", scope) < 0)
                return error_set_errno(error, ENOMEM, "The control groups cannot be made");

        own = cgroup_create(monitor, NULL);
        r = own < 0 ? own : cgroup_attach(own, 0);
        if (r < 0)
                return error_set_errno(error, r, "The monitor cannot move into the control group %s", monitor);
        enable_controllers(fd);

        payload->scope = TAKE_PTR(scope);
        payload->path = TAKE_PTR(path);
        payload->scope_fd = TAKE_FD(fd);
        return 0;
}

/* The files that cgroups(7) says to hand over; the rest stays with the host. */
static int hand_over(int fd, uid_t uid) {
        static const char *const files[] = {
                "cgroup.procs", "cgroup.subtree_control", "cgroup.threads", "memory.oom.group", "memory.reclaim",
        };

        /* Safe: the directory was just made, in a place that no container can
         * write to, and is held by descriptor. */
        if (fchown(fd, uid, uid) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (fchownat(fd, files[i], uid, uid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
                        return -errno;
        return 0;
}

int payload_make(Payload *payload, const IdMap *map, size_t n_map, Error *error) {
        uint32_t root;
        int r;

        r = payload_remove(payload);
        if (r >= 0)
                r = payload->fd = cgroup_create(payload->path, NULL);
        if (r < 0)
                return error_set_errno(error, r, "The control group %s cannot be made", payload->path);

        if (n_map > 0 && id_map_outside(map, n_map, 0, &root) >= 0) {
                r = hand_over(payload->fd, root);
                if (r < 0)
                        return error_set_errno(error, r, "The control group %s cannot be handed over", payload->path);
        }
        return 0;
}

int payload_contains(const Payload *payload, pid_t pid) {
        _cleanup_free_ char *path = NULL;
        const char *rest;
        int r;

        r = cgroup_of_pid(pid, &path);
        if (r < 0)
                return r;
        rest = startswith(path, payload->path);
        return rest && (*rest == 0 || *rest == '/');
}

int payload_kill(Payload *payload) {
        return payload->fd < 0 ? -ESRCH : cgroup_kill(payload->fd);
}

/* A pid that was read may be another process's by the time it is used: the
 * descriptor is opened first and the membership looked at after. */
static bool signal_one(const Payload *payload, const char *text, int sig) {
        _cleanup_fd_ int pidfd = -EBADF;
        pid_t pid;

        if (parse_pid(text, &pid) < 0)
                return false;
        pidfd = process_pidfd(pid);
        return pidfd >= 0 && payload_contains(payload, pid) > 0 && process_signal(pidfd, sig) >= 0;
}

static unsigned signal_tree(const Payload *payload, int fd, int sig, unsigned depth) {
        _cleanup_free_ char *procs = NULL;
        char *save = NULL;
        unsigned n = 0;
        int copy;
        DIR *dir;

        if (cgroup_read(fd, "cgroup.procs", &procs) >= 0)
                for (char *p = strtok_r(procs, "\n", &save); p; p = strtok_r(NULL, "\n", &save))
                        n += signal_one(payload, p, sig);

        copy = depth < DEPTH_MAX ? openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (copy < 0)
                return n;
        dir = fdopendir(copy);
        if (!dir) {
                fd_close(copy);
                return n;
        }
        for (struct dirent *de; (de = readdir(dir));) {
                _cleanup_fd_ int child = -EBADF;

                if (de->d_type != DT_DIR || de->d_name[0] == '.')
                        continue;
                child = openat(fd, de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (child >= 0)
                        n += signal_tree(payload, child, sig, depth + 1);
        }
        closedir(dir);
        return n;
}

int payload_signal(Payload *payload, int sig) {
        if (payload->fd < 0)
                return -ESRCH;
        if (sig == SIGKILL)
                return payload_kill(payload);
        return signal_tree(payload, payload->fd, sig, 0) > 0 ? 0 : -ESRCH;
}

int payload_watch_empty(Payload *payload, Loop *loop, CgroupWatchHandler handler, void *userdata) {
        return cgroup_watch(&payload->empty, loop, payload->fd, "populated 0", handler, userdata);
}

const char *payload_session_name(unsigned id, char ret[static PAYLOAD_SESSION_NAME_MAX]) {
        snprintf(ret, PAYLOAD_SESSION_NAME_MAX, SESSION_PREFIX "%u", id);
        return ret;
}

int payload_make_session(Payload *payload, unsigned id) {
        char name[PAYLOAD_SESSION_NAME_MAX];

        return mkdirat(payload->fd, payload_session_name(id, name), 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int payload_remove_session(Payload *payload, unsigned id) {
        char name[PAYLOAD_SESSION_NAME_MAX];

        return unlinkat(payload->fd, payload_session_name(id, name), AT_REMOVEDIR) < 0 ? -errno : 0;
}

int payload_remove(Payload *payload) {
        cgroup_watch_end(&payload->empty);
        payload->fd = fd_close(payload->fd);
        return payload->path ? cgroup_remove(payload->path) : 0;
}

void payload_close(Payload *payload) {
        cgroup_watch_end(&payload->empty);
        fd_close(payload->fd);
        fd_close(payload->scope_fd);
        free(payload->scope);
        free(payload->path);
        *payload = PAYLOAD_INIT;
}
