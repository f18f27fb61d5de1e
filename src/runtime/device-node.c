/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fd.h"
#include "mount.h"
#include "rootfs.h"

int device_clone(const char *path, mode_t type, dev_t device) {
        _cleanup_fd_ int fd = mount_clone(AT_FDCWD, path, false);
        struct stat st;
        int r;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if ((st.st_mode & S_IFMT) != type || (type != S_IFIFO && st.st_rdev != device))
                return -ENODEV;
        r = mount_set_propagation(fd, MS_PRIVATE, false);
        return r < 0 ? r : TAKE_FD(fd);
}

/* A node with the owner and mode that the config wants, which the host's may not
 * have, if the host has one at all: made in the state directory, where nobody but
 * us can reach it. */
static int make_own(const Launch *l, size_t i) {
        const ConfigDevice *d = device_get(l->config, i);
        const Config *c = l->config;
        uint32_t uid, gid;
        char name[32];

        if (id_map_outside(c->uids, c->n_uids, d->uid, &uid) < 0 || id_map_outside(c->gids, c->n_gids, d->gid, &gid) < 0)
                return -EINVAL;
        snprintf(name, sizeof(name), "device.%zu", i);
        return mount_new_node(l->container->fd, name, d->type | d->mode, makedev(d->major, d->minor), uid, gid);
}

/* The default devices are the host's: they are the same everywhere. Without the
 * right to make a node, those of the config are as well. */
static int open_device(const Launch *l, size_t i, Error *error) {
        const ConfigDevice *d = device_get(l->config, i);
        int fd = -EPERM;

        if (i >= device_count(l->config) - l->config->n_devices && l->config->n_uids > 0)
                fd = make_own(l, i);
        if (fd == -EINVAL)
                return error_set(error, EINVAL, "InvalidConfig",
                                 "linux.devices: the owner %u:%u of %s is not in the mappings of the user namespace", d->uid,
                                 d->gid, d->path);
        if (fd == -EPERM)
                fd = device_clone(d->path, d->type, makedev(d->major, d->minor));
        return fd < 0 ? error_set_errno(error, fd, "the host's device %s (%u:%u)", d->path, d->major, d->minor) : fd;
}

int device_open_all(Launch *l, Error *error) {
        const Config *c = l->config;
        size_t n = device_count(c);

        l->devices = calloc(n, sizeof(int));
        if (!l->devices)
                return error_set_errno(error, ENOMEM, "devices");
        for (size_t i = 0; i < n; i++)
                l->devices[i] = -EBADF;

        if (c->masked_paths && *c->masked_paths) {
                l->null = device_clone("/dev/null", S_IFCHR, makedev(1, 3));
                if (l->null < 0)
                        return error_set_errno(error, l->null, "cloning /dev/null");
        }
        if (!c->namespaces[NAMESPACE_USER].present || !device_is_wanted(c))
                return 0;
        for (size_t i = 0; i < n; i++) {
                if (device_get(c, i)->type == S_IFIFO)
                        continue;
                l->devices[i] = open_device(l, i, error);
                if (l->devices[i] < 0)
                        return l->devices[i];
        }
        return 0;
}
