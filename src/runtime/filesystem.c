/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "copy-up.h"
#include "fd.h"
#include "lsm.h"
#include "mount.h"
#include "parse.h"
#include "rootfs.h"
#include "rootpath.h"

/* "cgroup" is what configs for both versions say; there is only version 2. */
static const char *type_of(const ConfigMount *m) {
        return streq(m->type, "cgroup") ? "cgroup2" : m->type;
}

/* The queues of an IPC namespace are mounted by the kernel when it is made, and one
 * file system has one context. */
static bool takes_label(const char *type) {
        return !streq(type, "proc") && !streq(type, "sysfs") && !streq(type, "cgroup2") && !streq(type, "mqueue");
}

/* "gid=5" of a devpts, for the group tty, in a user namespace without it. */
static bool is_unmapped_gid(const Config *c, const char *type, const char *option) {
        const char *text = streq(type, "devpts") ? startswith(option, "gid=") : NULL;
        uint32_t gid, id;

        return text && c->n_gids > 0 && parse_u32(text, &gid) >= 0 && id_map_outside(c->gids, c->n_gids, gid, &id) < 0;
}

/* A tmpfs for which nothing is said of its mode has that of the directory that it
 * hides, as with runc and crun: /tmp stays 1777 and a private one private. */
static const char *inherited_mode(const Launch *l, const ConfigMount *m, char text[static 16]) {
        _cleanup_fd_ int fd = -EBADF;
        struct stat st;

        for (char *const *p = m->data; p && *p; p++)
                if (startswith(*p, "mode="))
                        return NULL;
        fd = rootpath_open(l->root, m->destination, O_PATH | O_DIRECTORY, 0);
        if (fd < 0 || fstat(fd, &st) < 0)
                return NULL;
        snprintf(text, 16, "mode=%o", st.st_mode & 07777);
        return text;
}

static int make_new(const Launch *l, const ConfigMount *m, const char *type, Error *error) {
        _cleanup_free_ char *label = takes_label(type) ? selinux_mount_option(l->config->mount_label) : NULL;
        char *options[64], mode[16];
        size_t n = 0;

        if (streq(type, "tmpfs") && inherited_mode(l, m, mode))
                options[n++] = mode;
        for (char *const *p = m->data; p && *p; p++) {
                /* Options of v1 hierarchies mean nothing to cgroup2. */
                if (streq(type, "cgroup2"))
                        break;
                if (n >= ELEMENTSOF(options) - 2)
                        return error_set_errno(error, E2BIG, "options");
                if (!is_unmapped_gid(l->config, type, *p))
                        options[n++] = *p;
        }
        if (label)
                options[n++] = label;
        options[n] = NULL;
        /* There is nothing below it yet: "recursive" adds nothing. */
        return mount_new(type, m->source ?: type, options,
                         (m->options.set | m->options.recursive_set) & ~(uint64_t) (rootfs_is_late(m) ? MOUNT_ATTR_RDONLY : 0),
                         error);
}

static bool shares_host_cgroups(const Launch *l) {
        return !l->config->namespaces[NAMESPACE_CGROUP].present;
}

/* What we may not mount anew, in a user namespace that we have not made: it is
 * as we see it ourselves, with all that lies below (and is locked there). */
static int clone_host(const ConfigMount *m, const char *type) {
        const char *path = streq(type, "sysfs")     ? "/sys"
                           : streq(type, "mqueue")  ? "/dev/mqueue"
                           : streq(type, "cgroup2") ? cgroup_mount_point()
                                                    : NULL;
        int fd, r;

        if (!path)
                return -EPERM;
        fd = mount_clone(AT_FDCWD, path, true);
        if (fd < 0)
                return fd;
        r = mount_set_propagation(fd, MS_PRIVATE, true);
        if (r >= 0)
                r = mount_set_attr(fd, m->options.set | m->options.recursive_set, 0, true);
        return r < 0 ? (fd_close(fd), r) : fd;
}

/* A bind of what the container has already, as mounts before it made it. */
static int clone_inside(const Launch *l, const ConfigMount *m, Error *error) {
        const MountOptions *o = &m->options;
        _cleanup_fd_ int source = rootpath_open(l->root, m->source, O_PATH, 0), fd = -EBADF;
        int r;

        if (source < 0)
                return error_set_errno(error, source, "opening %s of the container", m->source);
        fd = mount_clone(source, "", o->bind_recursive);
        if (fd < 0)
                return error_set_errno(error, fd, "cloning %s of the container", m->source);
        r = mount_set_attr(fd, o->set, o->clear, false);
        if (r >= 0)
                r = mount_set_attr(fd, o->recursive_set, o->recursive_clear, true);
        return r < 0 ? error_set_errno(error, r, "setting the options of %s", m->source) : TAKE_FD(fd);
}

/* fallback: a clone of the host's, made by the parent, or -1. */
static int make_detached(const Launch *l, const ConfigMount *m, int fallback, Error *error) {
        const char *type = type_of(m);
        _cleanup_error_ Error own = ERROR_INIT;
        int fd;

        /* In the host's cgroup namespace a new mount would set the options of
         * the host's: they are of the whole hierarchy. */
        if (streq(type, "cgroup2") && shares_host_cgroups(l))
                return fallback >= 0 ? fallback : error_set_errno(error, ENODEV, "no cgroup2 on the host");
        fd = make_new(l, m, type, &own);
        if ((fd == -EPERM || fd == -EBUSY) && fallback < 0)
                fallback = clone_host(m, type);
        if ((fd == -EPERM || fd == -EBUSY) && fallback >= 0)
                return fallback;
        return fd < 0 ? error_move(error, &own) : fd;
}

static int remount(const Launch *l, const ConfigMount *m, Error *error) {
        _cleanup_fd_ int target = rootpath_open(l->root, m->destination, O_PATH, 0);
        int r = target;

        if (r >= 0)
                r = mount_set_attr(target, m->options.set, m->options.clear, false);
        if (r >= 0)
                r = mount_set_attr(target, m->options.recursive_set, m->options.recursive_clear, true);
        if (r >= 0 && m->options.propagation != 0)
                r = mount_set_propagation(target, m->options.propagation, m->options.propagation_recursive);
        return r < 0 ? error_set_errno(error, r, "changing the mount %s", m->destination) : 0;
}

/* procfs and sysfs go where the config says and nowhere else, as with runc and crun:
 * what masks and read-only paths cover would lie elsewhere than it looks. What is
 * looked at is what is mounted on. -ENOENT: it is to be made. */
static int ordinary_directory(const Launch *l, const ConfigMount *m, Error *error) {
        size_t n = strlen(m->destination);
        _cleanup_free_ char *path = strdup(m->destination);
        _cleanup_fd_ int fd = -EBADF;
        struct stat st;

        if (!path)
                return error_set_errno(error, ENOMEM, "the mount point %s", m->destination);
        /* With a slash at its end a symlink would be followed. */
        while (n > 1 && path[n - 1] == '/')
                path[--n] = 0;
        fd = rootpath_open(l->root, path, O_PATH | O_NOFOLLOW, 0);
        if (fd == -ENOENT)
                return fd;
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(error, fd < 0 ? fd : errno, "opening the mount point %s", m->destination);
        if (!S_ISDIR(st.st_mode))
                return error_set(error, ENOTDIR, NULL, "mounting %s: it must be mounted on ordinary directory, which %s is not",
                                 m->type, m->destination);
        return TAKE_FD(fd);
}

static int target_for(const Launch *l, const ConfigMount *m, int fd, Error *error) {
        mode_t mode = S_IFDIR | 0755;
        struct stat st;
        int target;

        if (streq_ptr(m->type, "proc") || streq_ptr(m->type, "sysfs")) {
                target = ordinary_directory(l, m, error);
                if (target != -ENOENT || error_is_set(error))
                        return target;
        }
        if (m->options.bind && fstat(fd, &st) >= 0 && !S_ISDIR(st.st_mode))
                mode = S_IFREG | 0644;
        target = rootfs_create(l, m->destination, mode);
        if (target < 0)
                return error_set_errno(error, target, "creating the mount point %s", m->destination);
        return target;
}

static int mount_one(const Launch *l, size_t i, Error *error) {
        const ConfigMount *m = l->config->mounts + i;
        const char *what = m->options.bind ? m->source : strempty(m->type);
        _cleanup_fd_ int target = -EBADF;
        int fd = l->mounts[i], r;

        if (m->options.remount || (!m->options.bind && isempty(m->type)))
                return remount(l, m, error);

        if (!m->options.bind || m->options.inside) {
                fd = m->options.inside ? clone_inside(l, m, error) : make_detached(l, m, fd, error);
                if (fd < 0)
                        return error_prefix(error, "mounting %s on %s", what, m->destination);
                l->mounts[i] = fd;
        }

        target = target_for(l, m, fd, error);
        if (target < 0)
                return target;
        if (m->options.copy_up) {
                r = copy_up(target, fd, error);
                if (r < 0)
                        return error_prefix(error, "mounting %s on %s", what, m->destination);
        }
        r = mount_attach(fd, target);
        if (r < 0)
                return error_set_errno(error, r, "mounting %s on %s", what, m->destination);
        /* A bind of the host's has its attributes from the parent, before anybody could
         * see it. Its propagation too, but the copy made for a user namespace
         * of what is shared is a slave: shared again, with what is inside. */
        if ((!m->options.bind || m->options.inside || l->new_user_namespace) && m->options.propagation != 0)
                r = mount_set_propagation(fd, m->options.propagation, m->options.propagation_recursive);
        if (r < 0)
                return error_set_errno(error, r, "setting the options of %s", m->destination);
        return 0;
}

int filesystem_procfs(const Launch *l) {
        for (size_t i = 0; i < l->config->n_mounts; i++) {
                const ConfigMount *m = l->config->mounts + i;

                if (!m->options.bind && streq_ptr(m->type, "proc") && l->mounts[i] >= 0)
                        return l->mounts[i];
        }
        return l->procfs;
}

int filesystem_mounted_on(const Launch *l, const char *path) {
        size_t n = strlen(path);

        for (size_t i = l->config->n_mounts; i > 0; i--) {
                const char *destination = l->config->mounts[i - 1].destination;

                if (l->mounts[i - 1] >= 0 && strncmp(destination, path, n) == 0 &&
                    destination[n + strspn(destination + n, "/")] == 0)
                        return l->mounts[i - 1];
        }
        return -EBADF;
}

int filesystem_mount_all(const Launch *l, Error *error) {
        for (size_t i = 0; i < l->config->n_mounts; i++) {
                int r = mount_one(l, i, error);

                if (r < 0)
                        return r;
        }
        return 0;
}
