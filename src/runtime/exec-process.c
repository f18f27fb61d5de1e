/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cgroup.h"
#include "channel.h"
#include "exec-process.h"
#include "fd.h"
#include "process-limits.h"
#include "lsm.h"
#include "payload.h"
#include "pid-file.h"
#include "process.h"
#include "procfs.h"
#include "rootfs.h"
#include "scheduling.h"
#include "self.h"
#include "socket.h"
#include "syscall-listener.h"
#include "process-clone.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define OWN_CGROUP_PREFIX "ctr.exec-"

typedef struct Context {
        Payload payload;
        uint64_t namespaces;
        int channel, peer; /* peer: the runtime's end */
        int init; /* pidfd of the container's */
        int procfs;
        int console_socket;
} Context;

/* For what its parent does to it from outside. */
static bool waits_for_parent(const ConfigProcess *p) {
        return process_limits_are_given(p) || p->initial_cpus || p->final_cpus;
}

static int set_up(Context *x, char program[static 4096], Error *error) {
        const ConfigProcess *p = x->payload.process;
        int r;

        /* To wait costs a switch of processes. */
        if (waits_for_parent(p) && (r = channel_wait_go(x->channel)) < 0)
                return error_set_errno(error, r, "the runtime is gone");
        if ((x->namespaces & CLONE_NEWTIME) && setns(x->init, CLONE_NEWTIME) < 0)
                return error_set_errno(error, errno, "joining the time namespace");
        if (x->namespaces & CLONE_NEWUSER) {
                /* What is created now (the terminal) belongs to the container's
                 * root; a namespace without id 0 is left as it is. */
                if ((setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
                        return error_set_errno(error, errno, "becoming root of the user namespace");
        }
        if (setsid() < 0)
                return error_set_errno(error, errno, "setsid");
        if (p->apparmor_profile || p->selinux_label) {
                x->payload.attributes = procfs_openat(x->procfs, "thread-self/attr", O_PATH | O_DIRECTORY, false);
                if (x->payload.attributes < 0)
                        return error_set_errno(error, x->payload.attributes, "opening /proc/thread-self/attr");
        }
        if (x->console_socket >= 0) {
                _cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), slave = -EBADF;

                if (root < 0)
                        return error_set_errno(error, errno, "opening the container's root");
                slave = console_create(root, x->console_socket, p, false, error);
                if (slave < 0)
                        return slave;
                r = console_take(slave, error);
                if (r < 0)
                        return r;
        }
        return payload_find_program(p, program, error);
}

static void _noreturn_ exec_main(void *argument) {
        Error error = ERROR_INIT;
        Context *x = argument;
        char program[4096];

        fd_close(x->peer);
        x->payload.report = x->channel;
        if (self_enter(&error) >= 0 && set_up(x, program, &error) >= 0 &&
            payload_become(&x->payload, &error) >= 0)
                (void) payload_execute(&x->payload, program, &error);
        (void) channel_send_error(x->channel, CHANNEL_ERROR, &error);
        _exit(1);
}

/* A group of its own for what is executed: a process in the container's own
 * group would keep the guest's systemd from giving controllers to its units
 * ("no internal processes"). */
static int open_own_cgroup(const Container *c, char **ret_path, Error *error) {
        char *path;
        unsigned n;
        int fd;

        if (asprintf(&path, "%s/" OWN_CGROUP_PREFIX "%d", c->cgroup, (int) getpid()) < 0)
                return error_set_errno(error, ENOMEM, "cgroup");
        fd = cgroup_create_below(c->cgroup, path + strlen(c->cgroup) + 1, &n);
        if (fd < 0) {
                error_set_errno(error, fd, "creating the cgroup %s", path);
                free(path);
                return fd;
        }
        *ret_path = path;
        return fd;
}

static bool is_moved(const Container *c) {
        _cleanup_free_ char *path = NULL;

        return cgroup_of_pid(c->pid, &path) >= 0 && !streq(path, c->cgroup);
}

/* Those that are named as our own are made; others must be there, as with runc and
 * crun: a name that is mistyped would be outside of what was set up for it. */
static int open_named_cgroup(const Container *c, const char *path, const char *below, char **ret_path, Error *error) {
        unsigned n = 0;
        int fd = startswith(below, OWN_CGROUP_PREFIX) ? cgroup_create_below(c->cgroup, below, &n) : cgroup_open(path);

        if (fd == -ENOENT)
                return error_set(error, ENOENT, NULL, "cgroup %s does not exist: make it first", path);
        if (fd < 0)
                return error_set_errno(error, fd, "cgroup %s", path);
        if (n > 0) {
                *ret_path = strdup(path);
                if (!*ret_path) {
                        fd_close(fd);
                        return error_set_errno(error, ENOMEM, "cgroup");
                }
        }
        return fd;
}

static int open_cgroup(const Container *c, const char *below, char **ret_path, Error *error) {
        _cleanup_free_ char *path = NULL;

        if (!c->cgroup)
                return below ? error_set(error, EINVAL, NULL, "container %s is in no cgroup: --cgroup cannot be given", c->id)
                             : -EBADF;
        if (!below && (c->cgroup_delegated || is_moved(c)))
                return open_own_cgroup(c, ret_path, error);

        while (below && *below == '/')
                below++;
        if (asprintf(&path, "%s%s%s", c->cgroup, isempty(below) ? "" : "/", strempty(below)) < 0) {
                path = NULL;
                return error_set_errno(error, ENOMEM, "cgroup");
        }
        return open_named_cgroup(c, path, strempty(below), ret_path, error);
}

static pid_t spawn(const Container *c, Context *x, const char *below, Spawn *s, char **ret_cgroup, Error *error) {
        _cleanup_error_ Error own = ERROR_INIT;
        pid_t pid;

        s->target = x->init;
        s->target_namespaces = x->namespaces & ~(uint64_t) CLONE_NEWTIME;
        s->cgroup = open_cgroup(c, below, ret_cgroup, &own);
        if (s->cgroup < 0 && error_is_set(&own))
                return error_move(error, &own);

        pid = spawn_process(s, exec_main, x, &own);
        fd_close(s->cgroup);
        if (pid != -EBUSY || below)
                return pid < 0 ? error_move(error, &own) : pid;

        /* The group has got controllers for its children meanwhile. */
        error_clear(&own);
        spawn_clear(s);
        s->cgroup = open_own_cgroup(c, ret_cgroup, error);
        if (s->cgroup < 0)
                return s->cgroup;
        pid = spawn_process(s, exec_main, x, error);
        fd_close(s->cgroup);
        return pid;
}

static int follow(const ExecOptions *o, const Context *x, const Container *c, const Config *config, int channel,
                  ExecProcess *p, Error *error) {
        _cleanup_error_ Error other = ERROR_INIT;
        int r;

        p->pidfd = process_pidfd(p->pid);
        if (p->pidfd < 0)
                return error_set_errno(error, p->pidfd, "pidfd of the process");
        if (waits_for_parent(o->process)) {
                if ((r = process_limits_set(o->process, p->pid, x->procfs, error)) < 0 ||
                    (r = scheduling_set_final_cpus(o->process, p->pid, error)) < 0)
                        return r;
                r = channel_send(channel, CHANNEL_GO);
                if (r < 0)
                        return error_set_errno(error, r, "hearing of the process");
        }
        r = syscall_listener_attend(channel, config, c, CONTAINER_RUNNING, p->pid, &other);
        self_release();
        if (r == CHANNEL_ERROR)
                return error_move(error, &other);
        if (r != -ECONNRESET)
                return error_set_errno(error, r < 0 ? r : EBADMSG, "hearing of the process");
        return pid_file_write(o->pid_file, p->pid, error);
}

/* ret_whole: the container's config, where what was given lacks what the filter
 * needs of it. */
static int load_filter(const Container *c, const Config *config, SyscallFilter **ret, Config **ret_whole, Error *error) {
        int r;

        if (!c->seccomp && !config->seccomp)
                return 0;
        r = syscall_filter_read(c->fd, "seccomp.bpf", ret);
        if (!config->seccomp && (r < 0 || (*ret)->notifies)) {
                int k = config_load(c->fd, "config.json", ret_whole, error);

                if (k < 0)
                        return k;
                config = *ret_whole;
        }
        return r < 0 ? syscall_filter_compile(config->seccomp, ret, error) : 0;
}

int exec_process_start(const Container *c, const Config *config, const ExecOptions *o, ExecProcess *ret, Error *error) {
        _cleanup_(syscall_filter_freep) SyscallFilter *filter = NULL;
        _cleanup_(config_freep) Config *whole = NULL;
        _cleanup_fd_ int procfs = procfs_open(), init = container_pidfd(c, procfs), channel = -EBADF, child = -EBADF;
        ExecProcess p = EXEC_PROCESS_INIT;
        Spawn s = SPAWN_INIT;
        int ends[2], r;

        if (procfs < 0)
                return error_set_errno(error, procfs, "opening /proc");
        if (init < 0)
                return error_set(error, ESRCH, "NotRunning", "container %s is not running", c->id);
        r = load_filter(c, config, &filter, &whole, error);
        if (r < 0)
                return r;
        r = socket_pair(SOCK_SEQPACKET, ends);
        if (r < 0)
                return error_set_errno(error, r, "socket");
        channel = ends[0];
        child = ends[1];

        Context x = {
                .payload = { .process = o->process, .seccomp = filter, .has_personality = config->has_personality,
                             .personality = config->personality, .memory_policy = config->memory_policy, .preserve_fds = o->preserve_fds, .attributes = -EBADF },
                .namespaces = c->namespaces, .channel = child, .peer = channel, .init = init, .procfs = procfs,
                .console_socket = o->console_socket,
        };
        r = scheduling_set_initial_cpus(o->process, error);
        if (r < 0)
                return r;
        if (procfs_ignored_signals(procfs, &x.payload.ignored_signals) < 0)
                x.payload.ignored_signals = ~UINT64_C(0);
        p.pid = spawn(c, &x, o->cgroup, &s, &p.cgroup, error);
        child = fd_close(child);
        r = p.pid < 0 ? p.pid : follow(o, &x, c, whole ?: config, channel, &p, error);
        spawn_clear(&s);
        if (r < 0) {
                if (p.pidfd >= 0) {
                        int status, sig;

                        (void) process_signal(p.pidfd, SIGKILL);
                        (void) process_wait(p.pidfd, &status, &sig);
                }
                exec_process_clear(&p);
                return r;
        }
        *ret = p;
        return 0;
}

void exec_process_clear(ExecProcess *p) {
        if (p->cgroup)
                (void) cgroup_remove(p->cgroup);
        free(p->cgroup);
        fd_close(p->pidfd);
        *p = EXEC_PROCESS_INIT;
}
