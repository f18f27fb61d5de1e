/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fd.h"
#include "mount.h"
#include "rootfs.h"
#include "rootpath.h"

/* runtime-spec, config-linux.md "Default Devices". */
static const ConfigDevice defaults[] = {
        { "/dev/null", S_IFCHR, 1, 3, 0666, 0, 0 },   { "/dev/zero", S_IFCHR, 1, 5, 0666, 0, 0 },
        { "/dev/full", S_IFCHR, 1, 7, 0666, 0, 0 },   { "/dev/random", S_IFCHR, 1, 8, 0666, 0, 0 },
        { "/dev/urandom", S_IFCHR, 1, 9, 0666, 0, 0 }, { "/dev/tty", S_IFCHR, 5, 0, 0666, 0, 0 },
};

static const struct {
        const char *path, *target;
} symlinks[] = {
        { "/dev/fd", "/proc/self/fd" },         { "/dev/stdin", "/proc/self/fd/0" },
        { "/dev/stdout", "/proc/self/fd/1" },   { "/dev/stderr", "/proc/self/fd/2" },
        { "/dev/ptmx", "pts/ptmx" },
};

size_t device_count(const Config *c) {
        return ELEMENTSOF(defaults) + c->n_devices;
}

const ConfigDevice *device_get(const Config *c, size_t i) {
        if (i < ELEMENTSOF(defaults))
                return defaults + i;
        i -= ELEMENTSOF(defaults);
        return i < c->n_devices ? c->devices + i : NULL;
}

bool device_is_wanted(const Config *c) {
        for (size_t i = 0; i < c->n_mounts; i++) {
                const char *d = c->mounts[i].destination;

                if ((streq(d, "/dev") || streq(d, "/dev/")) && c->mounts[i].options.bind)
                        return false;
        }
        return true;
}

static bool is_listed(const Config *c, const char *path) {
        for (size_t i = 0; i < c->n_devices; i++)
                if (streq(c->devices[i].path, path))
                        return true;
        return false;
}

static int make_node(int parent, const char *name, const ConfigDevice *d) {
        if (mknodat(parent, name, d->type | d->mode, makedev(d->major, d->minor)) < 0)
                return -errno;
        if (d->uid == 0 && d->gid == 0)
                return 0;
        return fchownat(parent, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* mknod(2) works in no user namespace but the first: there a node is bound that
 * device_open_all() took from the host or made. It is not locked in its place
 * (stage.h): on a single device node no attribute of a mount forbids anything
 * that its mode does not, save "ro", which the host's /dev is not. Owner and mode
 * of the host's stay as they are (systemd#34243: never chown through a bind mount). */
static int bind_node(const Launch *l, const ConfigDevice *d, int clone, Error *error) {
        _cleanup_fd_ int target = -EBADF, own = -EBADF;
        int r;

        /* In a user namespace that we have not made. */
        if (clone < 0)
                clone = own = d->type == S_IFIFO ? -EPERM : device_clone(d->path, d->type, makedev(d->major, d->minor));
        if (clone < 0)
                return error_set_errno(error, clone, "the host's device %s (%u:%u)", d->path, d->major, d->minor);
        target = rootfs_create(l, d->path, S_IFREG | 0644);
        r = target < 0 ? target : mount_attach(clone, target);
        return r < 0 ? error_set_errno(error, r, "binding the device %s", d->path) : 0;
}

/* config-linux.md, "Devices": what is there already must be that device. */
static int check_existing(int parent, const char *name, const ConfigDevice *d, Error *error) {
        struct stat st;

        if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return error_set_errno(error, errno, "looking at the device %s", d->path);
        if ((st.st_mode & S_IFMT) != d->type || (d->type != S_IFIFO && st.st_rdev != makedev(d->major, d->minor)))
                return error_set(error, EEXIST, NULL, "creating the device %s: there is another file of this name", d->path);
        return 0;
}

static int create_one(const Launch *l, size_t i, int dev, Error *error) {
        const ConfigDevice *d = device_get(l->config, i);
        _cleanup_fd_ int other = -EBADF;
        const char *name = startswith(d->path, "/dev/");
        int parent = dev, r;

        if (l->devices[i] >= 0)
                return bind_node(l, d, l->devices[i], error);
        if (!name || strchr(name, '/')) {
                parent = other = rootpath_open_parent(l->root, d->path, true, &name);
                if (other < 0)
                        return error_set_errno(error, other, "creating the device %s", d->path);
        }
        r = make_node(parent, name, d);
        if (r == -EEXIST)
                /* The image's own /dev, or bound by the config. */
                return i < ELEMENTSOF(defaults) ? 0 : check_existing(parent, name, d, error);
        if (r == -EPERM)
                return bind_node(l, d, l->devices[i], error);
        return r < 0 ? error_set_errno(error, r, "creating the device %s", d->path) : 0;
}

static int create_symlinks(int dev, Error *error) {
        for (size_t i = 0; i < ELEMENTSOF(symlinks); i++) {
                const char *name = symlinks[i].path + strlen("/dev/");

                if (symlinkat(symlinks[i].target, dev, name) >= 0)
                        continue;
                if (errno != EEXIST)
                        return error_set_errno(error, errno, "creating the symlink %s", symlinks[i].path);
        }
        return 0;
}

int device_create_all(const Launch *l, Error *error) {
        _cleanup_fd_ int dev = -EBADF;
        mode_t mask;
        int r = 0;

        if (!device_is_wanted(l->config))
                return 0;
        dev = rootfs_create(l, "/dev", S_IFDIR | 0755);
        if (dev < 0)
                return error_set_errno(error, dev, "creating /dev");

        mask = umask(0);
        for (size_t i = 0; i < device_count(l->config) && r >= 0; i++)
                if (i >= ELEMENTSOF(defaults) || !is_listed(l->config, defaults[i].path))
                        r = create_one(l, i, dev, error);
        umask(mask);
        return r < 0 ? r : create_symlinks(dev, error);
}
