/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "mount.h"
#include "rootfs.h"
#include "rootpath.h"

int rootfs_attach(const Launch *l, Error *error) {
        int r;

        /* In a mount namespace of a new user namespace the kernel has made
         * everything a slave already; else what is mounted here would be
         * mounted on the host too. Slave and not private: what is unmounted on
         * the host is not kept busy by us until pivot_root(2). */
        if (!l->new_user_namespace && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_set_errno(error, errno, "cutting the mounts off from the host's");

        /* On top of "/": there is no path to it that the container's root
         * would have to be able to walk. */
        r = mount_attach_at(l->root, AT_FDCWD, "/");
        if (r < 0)
                return error_set_errno(error, r, "attaching the root file system");
        return 0;
}

int rootfs_create(const Launch *l, const char *path, mode_t mode) {
        int fd = rootpath_create(l->root, path, mode), other;

        if (fd != -EROFS || l->writable < 0)
                return fd;
        /* Where the path leads through another mount nothing comes of it: the
         * second try says so again. */
        other = rootpath_create(l->writable, path, mode);
        if (other < 0)
                return other;
        fd_close(other);
        return rootpath_create(l->root, path, mode);
}

/* The root lies on top of "/" already. What is below it stays, out of reach; but
 * the kernel would take the host's procfs and sysfs, which nothing covers, for leave
 * to mount others in a user namespace, and those would be without our covers. */
static int enter_by_chroot(Error *error) {
        static const char *const bare[] = { "/proc", "/sys" };

        for (size_t i = 0; i < ELEMENTSOF(bare); i++)
                if (umount2(bare[i], MNT_DETACH) < 0 && errno != ENOENT &&
                    mount("none", bare[i], "tmpfs", MS_RDONLY, "size=0") < 0)
                        return error_set_errno(error, errno, "taking off the host's %s", bare[i]);
        if (chroot(".") < 0)
                return error_set_errno(error, errno, "chroot");
        return 0;
}

int rootfs_enter(const Launch *l, Error *error) {
        if (fchdir(l->root) < 0)
                return error_set_errno(error, errno, "entering the root file system");
        if (l->no_pivot) {
                int r = enter_by_chroot(error);

                if (r < 0)
                        return r;
        } else {
                /* The old root comes to lie on the new one, and is taken off
                 * from there: no directory for it is needed in the image. */
                if (syscall(SYS_pivot_root, ".", ".") < 0)
                        return error_set_errno(error, errno, "pivot_root");
                if (umount2(".", MNT_DETACH) < 0)
                        return error_set_errno(error, errno, "detaching the host's root");
        }
        if (chdir("/") < 0)
                return error_set_errno(error, errno, "changing to the new root");
        return 0;
}

int rootfs_finish(const Launch *l, Error *error) {
        const Config *c = l->config;
        int r;

        /* Mount points and devices in them are made by now. */
        for (size_t i = 0; i < c->n_mounts; i++)
                if (rootfs_is_late(c->mounts + i) && l->mounts[i] >= 0) {
                        r = mount_set_attr(l->mounts[i], MOUNT_ATTR_RDONLY, 0, false);
                        if (r < 0)
                                return error_set_errno(error, r, "making %s read-only", c->mounts[i].destination);
                }
        if (c->root_readonly) {
                r = mount_set_attr(l->root, MOUNT_ATTR_RDONLY, 0, false);
                if (r < 0)
                        return error_set_errno(error, r, "making the root file system read-only");
        }
        /* Shared with the mount namespaces to come inside, not with the
         * host's: it was made private when it was cloned. */
        if (c->root_propagation == MS_SHARED || c->root_propagation == MS_UNBINDABLE) {
                r = mount_set_propagation(l->root, c->root_propagation, c->root_propagation == MS_SHARED);
                if (r < 0)
                        return error_set_errno(error, r, "setting the propagation of the root file system");
        }
        return 0;
}
