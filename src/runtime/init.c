/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capability.h"
#include "fd.h"
#include "hook.h"
#include "init.h"
#include "json-text.h"
#include "procfs.h"
#include "rootfs.h"
#include "self.h"
#include "sysctl.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* The working directory was the stage's. Hooks get the bundle's, where the
 * container's root can reach it. */
static int take_staged(const Launch *l, Error *error) {
        int r;

        if (l->stage.n_mounts == 0)
                return 0;
        r = stage_take(&l->stage, error);
        if (r < 0)
                return r;
        if (chdir(l->container->bundle) < 0 && chdir("/") < 0)
                return error_set_errno(error, errno, "changing to the bundle");
        return 0;
}

/* Root of the user namespace, so that what is created belongs to it. A map
 * may lack id 0: then the rights alone must do. */
static int become_root(const Launch *l, Error *error) {
        const Config *c = l->config;
        uint32_t id;

        if (!c->namespaces[NAMESPACE_USER].present)
                return 0;
        if ((c->n_gids == 0 || id_map_outside(c->gids, c->n_gids, 0, &id) >= 0) && setresgid(0, 0, 0) < 0)
                return error_set_errno(error, errno, "becoming group 0 of the user namespace");
        if ((c->n_uids == 0 || id_map_outside(c->uids, c->n_uids, 0, &id) >= 0) && setresuid(0, 0, 0) < 0)
                return error_set_errno(error, errno, "becoming user 0 of the user namespace");
        return 0;
}

/* config.md, process.capabilities: what cannot be granted is a warning. */
static void warn_of_capabilities(const Launch *l) {
        uint64_t missing = capability_missing(&l->payload.process->capabilities);
        char text[1024];
        size_t n = 0;

        if (missing == 0)
                return;
        for (int cap = 0; cap < CAPABILITY_COUNT && n < sizeof(text) - 64; cap++)
                if (missing & (UINT64_C(1) << cap))
                        n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? ", " : "", capability_name(cap));
        if (n > 0) {
                _cleanup_error_ Error warning = ERROR_INIT;

                error_set(&warning, EPERM, NULL, "the runtime has not %s, and cannot grant it", text);
                (void) channel_send_error(l->channel, CHANNEL_WARNING, &warning);
        }
}

static int loopback_up(Error *error) {
        _cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

        if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
                return error_set_errno(error, errno, "bringing up the loopback interface");
        return 0;
}

static int set_up_namespaces(const Launch *l, Error *error) {
        const Config *c = l->config;
        int r;

        /* Only now: the root of the new namespace is the cgroup that the
         * process is in, and it was born in the container's. */
        if (config_new_namespace(c, NAMESPACE_CGROUP) && unshare(CLONE_NEWCGROUP) < 0)
                return error_set_errno(error, errno, "creating the cgroup namespace");
        if (l->wait_time) {
                if (unshare(CLONE_NEWTIME) < 0)
                        return error_set_errno(error, errno, "creating the time namespace");
                r = channel_send(l->channel, CHANNEL_TIME);
                if (r < 0 || (r = channel_wait_go(l->channel)) < 0)
                        return error_set_errno(error, r, "the runtime is gone");
                /* Until here it is that of children. Newer kernels enter it at
                 * execve(2) as well; 6.1 does not. */
                _cleanup_fd_ int fd = procfs_openat(l->procfs, "self/ns/time_for_children", O_RDONLY, true);
                if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
                        return error_set_errno(error, fd < 0 ? fd : errno, "entering the time namespace");
        }
        if (l->paths[NAMESPACE_TIME] >= 0 && setns(l->paths[NAMESPACE_TIME], CLONE_NEWTIME) < 0)
                return error_set_errno(error, errno, "joining the time namespace");
        if (config_new_namespace(c, NAMESPACE_NETWORK) && (r = loopback_up(error)) < 0)
                return r;
        if (c->hostname && sethostname(c->hostname, strlen(c->hostname)) < 0)
                return error_set_errno(error, errno, "setting the hostname %s", c->hostname);
        if (c->domainname && setdomainname(c->domainname, strlen(c->domainname)) < 0)
                return error_set_errno(error, errno, "setting the domainname %s", c->domainname);
        return 0;
}

static int create_directory(const Launch *l, Error *error) {
        const char *cwd = l->payload.process->cwd;
        int fd;

        if (streq(cwd, "/"))
                return 0;
        fd = rootfs_create(l, cwd, S_IFDIR | 0755);
        if (fd < 0)
                return error_set_errno(error, fd, "creating the working directory %s", cwd);
        fd_close(fd);
        return 0;
}

/* Hooks that run in the container, with its pid as it is seen there. */
static int run_hooks(const Launch *l, HookPoint point, ContainerStatus status, Error *error) {
        _cleanup_free_ char *text = NULL;
        Container own = *l->container;
        json_t *state;

        if (l->config->hooks[point].n_hooks == 0)
                return 0;
        own.pid = getpid();
        state = container_state_json(&own, status);
        text = state ? json_text(state, JSON_COMPACT) : NULL;
        json_decref(state);
        if (!text)
                return error_set_errno(error, ENOMEM, "state for the hooks");
        return hook_run(l->config, point, text, error);
}

/* Everything in the root that needs the host's root still to be there. */
static int set_up_root(const Launch *l, int *ret_console, Error *error) {
        const Config *c = l->config;
        int r;

        if ((r = rootfs_attach(l, error)) < 0 ||
            (r = filesystem_mount_all(l, error)) < 0 ||
            (r = device_create_all(l, error)) < 0)
                return r;
        if (l->console_socket >= 0) {
                *ret_console = console_create(l->root, l->console_socket, l->payload.process, device_is_wanted(c), error);
                if (*ret_console < 0)
                        return *ret_console;
        }
        if (c->n_sysctls > 0 && (r = sysctl_apply(c, filesystem_procfs(l), error)) < 0)
                return r;
        if ((r = create_directory(l, error)) < 0 ||
            (r = cover_paths(l, error)) < 0)
                return r;

        if (l->wait_mounted) {
                r = channel_send(l->channel, CHANNEL_MOUNTED);
                if (r >= 0)
                        r = channel_wait_go(l->channel);
                if (r < 0)
                        return error_set_errno(error, r, "the runtime is gone");
        }
        if ((r = run_hooks(l, HOOK_CREATE_CONTAINER, CONTAINER_CREATING, error)) < 0 ||
            (r = rootfs_enter(l, error)) < 0)
                return r;
        /* After pivot_root(2), which refuses a shared root. */
        return rootfs_finish(l, error);
}

/* LSM labels are written through procfs: the container's own as we mounted it,
 * or the host's. */
static int open_attributes(Launch *l, Error *error) {
        const ConfigProcess *p = l->payload.process;
        int fd;

        if (!p->apparmor_profile && !p->selinux_label)
                return 0;
        fd = procfs_openat(filesystem_procfs(l), "thread-self/attr", O_PATH | O_DIRECTORY, false);
        if (fd < 0)
                return error_set_errno(error, fd, "opening /proc/thread-self/attr");
        l->payload.attributes = fd;
        return 0;
}

static int set_up(Launch *l, char program[static 4096], Error *error) {
        _cleanup_fd_ int console = -EBADF;
        int r;

        r = take_staged(l, error);
        if (r < 0)
                return r;
        if ((l->wait_cgroup || l->new_user_namespace) && (r = channel_wait_go(l->channel)) < 0)
                return error_set_errno(error, r, "the runtime is gone");
        r = become_root(l, error);
        if (r < 0)
                return r;
        /* The change of ids took it back: see bring_up(). */
        if (l->rootless)
                (void) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        if (l->payload.process->has_capabilities)
                warn_of_capabilities(l);
        if (setsid() < 0)
                return error_set_errno(error, errno, "setsid");
        umask(0022);
        if ((r = set_up_namespaces(l, error)) < 0 ||
            (r = set_up_root(l, &console, error)) < 0 ||
            (r = open_attributes(l, error)) < 0)
                return r;
        if (console >= 0 && (r = console_take(console, error)) < 0)
                return r;
        /* Without one it can be created, and not started. */
        *program = 0;
        return l->payload.process->args ? payload_find_program(l->payload.process, program, error) : 0;
}

/* Returns a connection to who started us: errors go there, and its end without
 * one says that execve(2) succeeded. */
static int wait_for_start(const Launch *l, Error *error) {
        int fd, r;

        /* Nobody would find us without what the runtime writes down. */
        r = channel_wait_go(l->channel);
        if (r < 0)
                return error_set_errno(error, r, "the runtime is gone");
        if (l->listener < 0)
                return l->channel;
        do
                fd = accept4(l->listener, NULL, NULL, SOCK_CLOEXEC);
        while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
        return fd < 0 ? error_set_errno(error, errno, "waiting for start") : fd;
}

void init_main(void *argument) {
        Error error = ERROR_INIT;
        Launch *l = argument;
        int report = l->channel, r;
        char program[4096];

        fd_close(l->peer);
        r = self_enter(&error);
        if (r >= 0)
                r = set_up(l, program, &error);
        if (r >= 0) {
                /* Nobody there any more: the create was given up. */
                r = channel_send(l->channel, CHANNEL_READY);
                if (r < 0)
                        _exit(1);
                r = wait_for_start(l, &error);
                if (r >= 0)
                        report = r;
        }
        if (l->rootless)
                (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        l->payload.report = report;
        if (r >= 0)
                r = payload_become(&l->payload, &error);
        /* With the rights of the container's program: they are files of its
         * image. */
        if (r >= 0 && l->config->hooks[HOOK_START_CONTAINER].n_hooks > 0)
                r = payload_restrict(&l->payload, &error);
        if (r >= 0)
                r = run_hooks(l, HOOK_START_CONTAINER, CONTAINER_CREATED, &error);
        if (r >= 0)
                (void) payload_execute(&l->payload, program, &error);
        (void) channel_send_error(report, CHANNEL_ERROR, &error);
        _exit(1);
}
