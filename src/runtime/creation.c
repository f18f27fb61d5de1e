/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "activation.h"
#include "attendance.h"
#include "cgroup.h"
#include "cgroup-processes.h"
#include "creation.h"
#include "fd.h"
#include "file.h"
#include "hook.h"
#include "init.h"
#include "json-text.h"
#include "launch.h"
#include "process-limits.h"
#include "log.h"
#include "notify-socket.h"
#include "pid-file.h"
#include "placement.h"
#include "process.h"
#include "procfs.h"
#include "rdt.h"
#include "rootfs.h"
#include "self.h"
#include "socket.h"
#include "syscall-cache.h"
#include "syscall-listener.h"
#include "process-clone.h"
#include "foreground.h"

/* A process that hangs in the kernel is left to `delete`. */
#define STOP_TIMEOUT_MSEC 10000

static char *state_text(const Container *container, ContainerStatus status) {
        json_t *state = container_state_json(container, status);
        char *text = state ? json_text(state, JSON_COMPACT) : NULL;

        json_decref(state);
        return text;
}

int creation_run_hooks(const Config *config, const Container *container, HookPoint point, ContainerStatus status,
                       Error *error) {
        _cleanup_free_ char *text = NULL;

        if (config->hooks[point].n_hooks == 0)
                return 0;
        text = state_text(container, status);
        if (!text)
                return error_set_errno(error, ENOMEM, "state for the hooks");
        return hook_run(config, point, text, error);
}

void creation_run_late_hooks(const Config *config, const Container *container, HookPoint point, ContainerStatus status) {
        _cleanup_free_ char *text = NULL;

        if (config->hooks[point].n_hooks == 0)
                return;
        text = state_text(container, status);
        if (text)
                hook_run_late(config, point, text);
        else
                log_warning("state for the %s hooks: out of memory", hook_point_to_string(point));
}

/* Whether its root could overwrite the runtime's binary. Of a user namespace
 * that is joined the config need not tell the maps. */
static bool exposes_runtime(const Config *c) {
        return !config_new_namespace(c, NAMESPACE_USER) || self_is_exposed(c->uids, c->n_uids, c->gids, c->n_gids);
}

/* Its init is the first process where nobody else is. */
static bool is_alone(const Config *c) {
        return config_new_namespace(c, NAMESPACE_PID) && !c->namespaces[NAMESPACE_USER].present;
}

/* RFC 3339, of now. Not by gmtime(3), which reads the host's time zone first.
 * Days to dates: years that begin with March have the leap day at their end. */
static char *make_stamp(void) {
        struct timespec now;
        char *stamp;

        clock_gettime(CLOCK_REALTIME, &now);
        long seconds = now.tv_sec % 86400, days = now.tv_sec / 86400 + 719468; /* since 1 March of the year 0 */
        long era = days / 146097, day = days % 146097;                        /* 400 years each */
        long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
        long of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;

        return asprintf(&stamp, "%04ld-%02ld-%02ldT%02ld:%02ld:%02ld.%09ldZ", era * 400 + year + (month >= 10),
                        month < 10 ? month + 3 : month - 9, of_year - (153 * month + 2) / 5 + 1, seconds / 3600,
                        seconds / 60 % 60, seconds % 60, now.tv_nsec) < 0
                       ? NULL
                       : stamp;
}

static int describe(Container *c, const Config *config, const char *bundle, Error *error) {
        char path[PATH_MAX];
        size_t n;

        /* What engines gave is what they look for in the state: an absolute path stays
         * as it is, with its symlinks. */
        if (!realpath(bundle, path))
                return error_set_errno(error, errno, "bundle %s", bundle);
        c->bundle = strdup(bundle[0] == '/' ? bundle : path);
        if (!c->bundle)
                return error_set_errno(error, ENOMEM, "container");
        n = (size_t) snprintf(path, sizeof(path), "%s%s%s", config->root_path[0] == '/' ? "" : c->bundle,
                              config->root_path[0] == '/' ? "" : "/", config->root_path);
        c->rootfs = n < sizeof(path) ? strdup(path) : NULL;
        c->oci_version = strdup(config->oci_version);

        c->created = make_stamp();
        if (!c->rootfs || !c->oci_version || !c->created)
                return error_set_errno(error, ENOMEM, "container");
        c->annotations = json_incref((json_t *) config->annotations);
        c->exposes_runtime = exposes_runtime(config);
        c->seccomp = config->seccomp != NULL;
        c->needs_config = !config->has_process || config->hooks[HOOK_POSTSTART].n_hooks > 0 ||
                          config->hooks[HOOK_POSTSTOP].n_hooks > 0;
        c->exec_defaults = config->has_personality || config->memory_policy ||
                           process_limits_are_given(&config->process) || config->process.initial_cpus ||
                           config->process.final_cpus ||
                           config->process.apparmor_profile || config->process.selinux_label;
        for (int i = 0; i < NAMESPACE_MAX; i++)
                if (config->namespaces[i].present)
                        c->namespaces |= namespace_type_flag((NamespaceType) i);
        return 0;
}

/* Where our standard streams lead, which init gets: what a restore connects
 * again. A name that is no UTF-8 is left out. */
static int describe_descriptors(Container *c, int procfs, Error *error) {
        json_t *names = json_array();

        for (int fd = 0; fd < 3; fd++) {
                char path[] = "self/fd/0", name[PATH_MAX];
                ssize_t k;

                path[sizeof(path) - 2] = (char) ('0' + fd);
                k = readlinkat(procfs, path, name, sizeof(name));
                (void) json_array_append_new(names, json_stringn(name, k < 0 ? 0 : (size_t) k) ?: json_string(""));
        }
        c->external_descriptors = json_text(names, JSON_COMPACT);
        json_decref(names);
        return c->external_descriptors ? 0 : error_set_errno(error, ENOMEM, "container");
}

static int make_listener(const Container *c, Error *error) {
        char path[PATH_MAX];
        int fd;

        snprintf(path, sizeof(path), "%s/start.sock", c->directory);
        fd = socket_listen(path, SOCK_SEQPACKET, 0600);
        if (fd < 0)
                return error_set_errno(error, fd, "creating %s", path);
        (void) fd_set_nonblock(fd, false);
        return fd;
}

/* The audit login id is inherited: whoever ran us is not who the container's
 * processes are. Not there, not set, or not allowed: nothing to do. */
static void reset_login_id(int procfs) {
        _cleanup_fd_ int fd = procfs_openat(procfs, "self/loginuid", O_RDWR, false);
        char text[16] = "";

        if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && !startswith(text, "4294967295"))
                (void) !write(fd, "4294967295", 10);
}

static uint64_t new_namespaces(const Config *c) {
        uint64_t flags = 0;

        for (int i = 0; i < NAMESPACE_MAX; i++)
                if (config_new_namespace(c, (NamespaceType) i) && i != NAMESPACE_CGROUP && i != NAMESPACE_TIME)
                        flags |= namespace_type_flag((NamespaceType) i);
        return flags;
}

static int prepare_stage(const void *arg, Error *error) {
        const Launch *l = arg;

        return stage_set(&l->stage, l->container->directory, error);
}

/* The child, from its birth to where it waits. In container->pid it stays on
 * failure too, for who cleans up. */
static int bring_up(const Config *c, Container *container, Launch *l, Placement *p, Creation *ret, Error *error) {
        Spawn spawn = SPAWN_INIT;
        int ends[2], r;
        pid_t pid;

        r = socket_pair(SOCK_SEQPACKET, ends);
        if (r < 0)
                return error_set_errno(error, r, "socket");
        ret->channel = ends[0];
        l->channel = ends[1];
        l->peer = ends[0];

        spawn.new_namespaces = new_namespaces(c);
        spawn.cgroup = p->fd;
        if (l->stage.n_mounts > 0) {
                spawn.prepare = prepare_stage;
                spawn.prepare_arg = l;
        }
        for (int i = 0; i < NAMESPACE_MAX; i++)
                if (i != NAMESPACE_TIME)
                        spawn.paths[i] = l->paths[i];

        reset_login_id(l->procfs);
        /* Of a process that is not dumpable the files in /proc are the host's
         * root's, and its id maps could not be written: init is, while it is
         * set up, and we never but while it is made. */
        if (l->rootless)
                (void) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        pid = spawn_process(&spawn, init_main, l, error);
        if (l->rootless)
                (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        if (pid < 0) {
                spawn_clear(&spawn);
                return pid;
        }
        l->channel = fd_close(l->channel);
        container->pid = pid;

        /* Our child, and not yet waited for: the pid is its own. */
        r = ret->pidfd = process_pidfd(pid);
        if (r >= 0)
                r = procfs_start_time(l->procfs, pid, &container->start_time, NULL);
        r = r < 0 ? error_set_errno(error, r, "looking at the container's init")
                  : attendance_run(l, ret, p, error);
        spawn_clear(&spawn);
        return r;
}

/* What exec takes its defaults from. */
int creation_keep(const Creation *creation, Launch *l, Error *error) {
        Container *c = creation->container;
        const Config *config = creation->config;
        _cleanup_fd_ int fd = -EBADF;
        int r;

        if (config->seccomp && (r = syscall_cache_get(c->fd, "seccomp.bpf", config->seccomp, &l->seccomp, error)) < 0)
                return r;
        l->payload.seccomp = l->seccomp;
        c->needs_config |= l->seccomp && l->seccomp->notifies;
        fd = openat(c->fd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        r = fd < 0 ? -errno : fd_write_all(fd, config->text, config->text_size);
        if (r < 0)
                return error_set_errno(error, r, "writing %s/config.json", c->directory);
        return describe_descriptors(c, l->procfs, error);
}

int creation_load_config(const Container *c, Config **ret, Error *error) {
        return config_load(c->fd, "config.json", ret, error);
}

static int check_console(const Config *c, const CreationOptions *o, Error *error) {
        if (c->process.terminal && !o->console_socket && !o->relay_terminal)
                return error_set(error, EINVAL, "InvalidConfig",
                                 "process.terminal is true and nobody stays to relay it: use --console-socket, which its master is sent to");
        if (!c->process.terminal && o->console_socket)
                return error_set(error, EINVAL, "InvalidConfig",
                                 "--console-socket is given, but process.terminal is not true");
        return 0;
}

static void warn_of_capabilities(const ConfigProcess *p) {
        for (char *const *name = p->unknown_capabilities; name && *name; name++)
                log_warning("capability %s is not known and left out", *name);
}

static int set_console(const CreationOptions *o, const Config *c, Launch *l, int *ret_relay, Error *error) {
        int ends[2], r;

        if (o->console_socket) {
                l->console_socket = console_connect(o->console_socket, error);
                return l->console_socket < 0 ? l->console_socket : 0;
        }
        if (!c->process.terminal)
                return 0;
        r = socket_pair(SOCK_SEQPACKET, ends);
        if (r < 0)
                return error_set_errno(error, r, "socket");
        *ret_relay = ends[0];
        l->console_socket = ends[1];
        return 0;
}

/* Where nothing is said of it, and the root of the cgroups is not ours: below
 * our own, if that was delegated. */
static int choose_own_cgroup(Config *c, const char *id, Error *error) {
        _cleanup_free_ char *own = NULL;
        _cleanup_fd_ int fd = -EBADF;

        if (cgroup_of_pid(0, &own) < 0 || (fd = cgroup_open(own)) < 0 || faccessat(fd, ".", W_OK, AT_EACCESS) < 0)
                return 0;
        c->cgroups_path = arena_printf(&c->arena, "%s/%s", streq(own, "/") ? "" : own, id);
        return c->cgroups_path ? 0 : error_set_errno(error, ENOMEM, "cgroup");
}

static bool is_refusal(int r) {
        return r == -EACCES || r == -EPERM || r == -EROFS || r == -ENODEV;
}

/* A cgroup that nobody has asked for need not be there for who has no right to
 * make one. */
static int place(const CreationOptions *o, const Launch *l, Config *c, Container *container, Placement *p, Error *error) {
        _cleanup_error_ Error own = ERROR_INIT;
        int r;

        if (o->cgroup_manager != CGROUP_MANAGER_CGROUPFS)
                return placement_open(p, o->cgroup_manager, c, container, error);
        if (l->rootless && !c->cgroups_path && (r = choose_own_cgroup(c, container->id, error)) < 0)
                return r;
        r = placement_open(p, o->cgroup_manager, c, container, &own);
        if (r >= 0 && l->rootless && faccessat(p->fd, "cgroup.procs", W_OK, AT_EACCESS) < 0)
                r = error_set_errno(&own, EACCES, "using the cgroup %s", container->cgroup);
        if (r >= 0)
                return 0;
        if (c->n_resources > 0 || !is_refusal(r) || !rootless_is_expected(o->rootless))
                return error_move(error, &own);
        placement_close(p);
        (void) placement_remove(container, &own);
        free(container->cgroup);
        container->cgroup = NULL;
        container->n_cgroup_created = 0;
        return 0;
}

static int create(const CreationOptions *o, Creation *ret, Launch *l, int directory, Error *error) {
        Container *container = ret->container;
        Config *c = ret->config;
        _cleanup_(placement_close) Placement placement = PLACEMENT_INIT;
        _cleanup_fd_ int relay = -EBADF;
        unsigned preserve;
        int r;

        r = notify_socket_prepare(c, container, error);
        if (r < 0 || (r = activation_take(c, error)) < 0)
                return r;
        preserve = o->preserve_fds + (unsigned) r;
        r = launch_open(l, c, container, directory, error);
        if (r < 0)
                return r;
        l->no_pivot = o->no_pivot;
        l->payload.new_keyring = !o->no_new_keyring;
        l->payload.preserve_fds = preserve;
        l->wait_time = config_new_namespace(c, NAMESPACE_TIME);
        r = set_console(o, c, l, &relay, error);
        if (r < 0)
                return r;
        if (!o->at_once && (l->listener = make_listener(container, error)) < 0)
                return l->listener;
        r = place(o, l, c, container, &placement, error);
        if (r < 0)
                return r;
        l->wait_cgroup = placement.adopts;
        if ((r = creation_keep(ret, l, error)) < 0 ||
            (r = bring_up(c, container, l, &placement, ret, error)) < 0 ||
            (r = container_save(container, error)) < 0)
                return r;
        /* From here on it is known, and waits for `start`. Before, it ends with us. */
        if (!o->at_once && (r = channel_send(ret->channel, CHANNEL_GO)) < 0)
                return error_set_errno(error, r, "the container's init is gone");
        if (relay >= 0 && (r = terminal_receive(relay, &ret->master, error)) < 0)
                return r;
        return pid_file_write(o->pid_file, container->pid, error);
}

void creation_undo(Creation *c) {
        _cleanup_error_ Error ignored = ERROR_INIT;

        /* Before their namespace goes: that would keep their names, at best. */
        if (c->net_devices)
                net_devices_return(c->net_devices);
        /* Hooks of the end only where there was a beginning. */
        (void) creation_destroy(c->container, c->container->pid > 0 ? c->config : NULL, &ignored);
}

int creation_load(const CreationOptions *o, int *ret_directory, Creation *ret, Error *error) {
        _cleanup_fd_ int directory = open(o->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(config_freep) Config *c = NULL;
        int r;

        if (directory < 0)
                return error_set_errno(error, errno, "bundle %s", o->bundle);
        r = config_load(directory, o->config ?: "config.json", &c, error);
        if (r < 0)
                return r;
        /* runtime-spec, config.md "Process": it is required when start is called. */
        if (!c->has_process && o->at_once)
                return error_set(error, EINVAL, "InvalidConfig", "process is missing");
        if (c->has_process && !c->process.args)
                return error_set(error, EINVAL, "InvalidConfig", "process.args is empty");
        r = check_console(c, o, error);
        if (r < 0)
                return r;
        ret->config = TAKE_PTR(c);
        *ret_directory = TAKE_FD(directory);
        return 0;
}

int creation_enter(const CreationOptions *o, Creation *c, Error *error) {
        int r = container_new(o->root, o->id, &c->container, error);

        if (r < 0)
                return r;
        warn_of_capabilities(&c->config->process);
        r = describe(c->container, c->config, o->bundle, error);
        if (r < 0)
                creation_undo(c);
        return r;
}

int creation_run(const CreationOptions *o, Creation *ret, Error *error) {
        _cleanup_fd_ int directory = -EBADF;
        Creation c = CREATION_INIT;
        Launch l = {};
        int r;

        r = creation_load(o, &directory, &c, error);
        /* Nothing was done yet that must not be done twice. */
        if (r >= 0 && exposes_runtime(c.config))
                r = self_protect(is_alone(c.config), error);
        if (r >= 0 && (r = rootless_enter(c.config, o->rootless, error)) > 0) {
                /* What was opened before is in another mount namespace. */
                l.rootless = true;
                fd_close(directory);
                directory = open(o->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (directory < 0)
                        r = error_set_errno(error, errno, "bundle %s", o->bundle);
        }
        if (r >= 0)
                r = creation_enter(o, &c, error);
        if (r >= 0) {
                r = create(o, &c, &l, directory, error);
                launch_close(&l);
                if (r < 0)
                        creation_undo(&c);
        }
        if (r < 0) {
                creation_clear(&c);
                return r;
        }
        *ret = c;
        return 0;
}

void creation_clear(Creation *c) {
        c->config = config_free(c->config);
        c->container = container_free(c->container);
        c->channel = fd_close(c->channel);
        c->pidfd = fd_close(c->pidfd);
        c->master = fd_close(c->master);
        c->net_devices = net_device_move_free(c->net_devices);
}

int creation_go(Creation *c, Error *error) {
        _cleanup_error_ Error other = ERROR_INIT;
        int r;

        r = channel_send(c->channel, CHANNEL_GO);
        if (r < 0)
                return error_set_errno(error, r, "starting the container");
        self_release();
        /* The other end is closed by a successful execve(2). */
        r = syscall_listener_attend(c->channel, c->config, c->container, CONTAINER_CREATING, c->container->pid, &other);
        c->channel = fd_close(c->channel);
        if (r == CHANNEL_ERROR)
                return error_move(error, &other);
        return r == -ECONNRESET ? 0 : error_set_errno(error, r < 0 ? r : EBADMSG, "starting the container");
}

void creation_stop(const Container *c) {
        _cleanup_fd_ int pidfd = container_pidfd(c, -1), cgroup = c->cgroup ? cgroup_open(c->cgroup) : -EBADF;
        struct pollfd p = { .fd = pidfd, .events = POLLIN };

        if (cgroup >= 0)
                (void) cgroup_kill(cgroup);
        if (pidfd < 0)
                return;
        (void) process_signal(pidfd, SIGKILL);
        (void) poll(&p, 1, STOP_TIMEOUT_MSEC);
}

static void kill_init(const Container *c) {
        _cleanup_fd_ int pidfd = container_pidfd(c, -1);
        int status, sig;

        if (pidfd < 0)
                return;
        (void) process_signal(pidfd, SIGKILL);
        /* Our own child where a create is undone; else somebody else's, whose
         * end poll(2) would show: the cgroup is waited for instead. */
        (void) process_wait(pidfd, &status, &sig);
}

int creation_destroy(Container *c, const Config *config, Error *error) {
        int r, first;

        kill_init(c);
        first = placement_remove(c, error);
        r = c->rdt_group ? rdt_remove(c->rdt_group, error) : 0;
        if (first >= 0)
                first = r;
        r = container_remove(c, error);
        if (first >= 0)
                first = r;
        if (config)
                creation_run_late_hooks(config, c, HOOK_POSTSTOP, CONTAINER_STOPPED);
        return first;
}
