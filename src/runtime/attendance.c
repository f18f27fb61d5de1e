/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "attendance.h"
#include "channel.h"
#include "fd.h"
#include "log.h"
#include "net-device.h"
#include "parse.h"
#include "process.h"
#include "process-limits.h"
#include "procfs.h"
#include "rdt.h"
#include "userns.h"

/* The next message, which must be this one; errors as they came. */
static int receive(int channel, int expected, int pidfd, Error *error) {
        for (;;) {
                _cleanup_error_ Error other = ERROR_INIT;
                int r = channel_receive(channel, &other);

                if (r == expected)
                        return 0;
                if (r == CHANNEL_ERROR)
                        return error_move(error, &other);
                if (r == CHANNEL_WARNING) {
                        log_warning("%s", error_message(&other));
                        continue;
                }
                if (r == -ECONNRESET) {
                        int status, sig;

                        (void) process_signal(pidfd, SIGKILL);
                        (void) process_wait(pidfd, &status, &sig);
                        return error_set(error, EIO, NULL, "the container's init was killed while it was set up (%s)",
                                         sig != 0 ? strempty(signal_name(sig)) : "exited");
                }
                return error_set_errno(error, r < 0 ? r : EBADMSG, "hearing of the container's init");
        }
}

static int write_time_offsets(const Config *c, int procfs, pid_t pid, Error *error) {
        char path[48], text[256];
        size_t n = 0;
        int r;

        if (c->n_time_offsets == 0)
                return 0;
        for (size_t i = 0; i < c->n_time_offsets; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "%s %lld %u\n", c->time_offsets[i].clock,
                                       (long long) c->time_offsets[i].secs, c->time_offsets[i].nanosecs);
        snprintf(path, sizeof(path), "%d/timens_offsets", (int) pid);
        r = procfs_write(procfs, path, text);
        return r < 0 ? error_set_errno(error, r, "setting linux.timeOffsets") : 0;
}

static int take_net_devices(const Launch *l, Creation *c, Error *error) {
        _cleanup_fd_ int fd = -EBADF;
        char path[32];

        if (c->config->n_net_devices == 0)
                return 0;
        if (l->paths[NAMESPACE_NETWORK] >= 0)
                return net_devices_move(c->config, l->paths[NAMESPACE_NETWORK], &c->net_devices, error);
        snprintf(path, sizeof(path), "%d/ns/net", (int) c->container->pid);
        fd = procfs_openat(l->procfs, path, O_RDONLY, true);
        return fd < 0 ? error_set_errno(error, fd, "opening /proc/%s", path)
                      : net_devices_move(c->config, fd, &c->net_devices, error);
}

/* Before its program runs: what it starts is in its group too. */
static int join_rdt(Creation *c, Error *error) {
        _cleanup_fd_ int root = -EBADF;

        if (!c->config->rdt)
                return 0;
        root = rdt_open(error);
        return root < 0 ? root : rdt_join(root, c->config->rdt, c->container->id, c->container->pid, &c->container->rdt_group, error);
}

int attendance_run(const Launch *l, Creation *creation, Placement *p, Error *error) {
        Container *container = creation->container;
        const Config *c = creation->config;
        int channel = creation->channel, pidfd = creation->pidfd, r;

        /* The cgroup first: a user's own systemd moves only what has the user's id. */
        if (p->adopts && (r = placement_adopt(p, c, container, error)) < 0)
                return r;
        if (l->new_user_namespace &&
            (r = userns_write_maps(container->pid, c->uids, c->n_uids, c->gids, c->n_gids, false, error)) < 0)
                return error_set_errno(error, r, "setting up the user namespace");
        if (l->wait_cgroup || l->new_user_namespace) {
                r = channel_send(channel, CHANNEL_GO);
                if (r < 0)
                        return error_set_errno(error, r, "telling the container's init to go on");
        }
        if ((r = take_net_devices(l, creation, error)) < 0 ||
            (r = join_rdt(creation, error)) < 0)
                return r;
        if (l->wait_time) {
                if ((r = receive(channel, CHANNEL_TIME, pidfd, error)) < 0 ||
                    (r = write_time_offsets(c, l->procfs, container->pid, error)) < 0)
                        return r;
                r = channel_send(channel, CHANNEL_GO);
                if (r < 0)
                        return error_set_errno(error, r, "setting up the time namespace");
        }
        if (l->wait_mounted) {
                if ((r = receive(channel, CHANNEL_MOUNTED, pidfd, error)) < 0 ||
                    (r = creation_run_hooks(c, container, HOOK_PRESTART, CONTAINER_CREATING, error)) < 0 ||
                    (r = creation_run_hooks(c, container, HOOK_CREATE_RUNTIME, CONTAINER_CREATING, error)) < 0)
                        return r;
                r = channel_send(channel, CHANNEL_GO);
                if (r < 0)
                        return error_set_errno(error, r, "hooks");
        }
        r = receive(channel, CHANNEL_READY, pidfd, error);
        if (r < 0)
                return r;
        /* Now that init is set up: a low limit does not disturb its work. */
        return process_limits_set(&c->process, container->pid, l->procfs, error);
}
