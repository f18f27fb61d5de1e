/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/stat.h>

#include "fd.h"
#include "mount.h"
#include "rootfs.h"
#include "rootpath.h"

/*
 * What masked and read-only paths are worth. A process with CAP_SYS_ADMIN over
 * the mount namespace can take each of them off again (umount, remount), as it
 * can with crun and runc: without a user namespace such a process is the host's
 * root in all but name; with one, the namespace's own root. That is harmless
 * where they are used: procfs and sysfs are made in the container's own
 * namespaces, and show nothing of another process or network. Their files about
 * the whole machine belong to the host's root, who is nobody inside: what the
 * usual masks hide is 0400 (kcore, timer_list), 0200 (sysrq-trigger), or looks
 * at the reader's rights in the first user namespace (kallsyms, keys, most of
 * sys). A sysfs that is a clone of the host's has its attributes locked
 * (stage.h). What must hold against the container's root does not belong under a
 * mask: it is a mount of its own, or is not there.
 */

/* Something to cover with: used itself the first time, and cloned from where
 * it is attached then (a detached mount cannot be cloned before Linux 6.15). */
typedef struct Cover {
        int fd;
        bool attached;
} Cover;

static int cover_attach(Cover *cover, int target) {
        _cleanup_fd_ int clone = -EBADF;
        int r;

        if (!cover->attached) {
                r = mount_attach(cover->fd, target);
                cover->attached = r >= 0;
                return r;
        }
        clone = mount_clone(cover->fd, "", false);
        return clone < 0 ? clone : mount_attach(clone, target);
}

/* One empty read-only tmpfs serves every masked directory. */
static int empty_directory(Cover *empty, Error *error) {
        char *options[] = { (char *) "mode=0555", (char *) "nr_inodes=2", (char *) "size=4k", NULL };

        if (empty->fd < 0)
                empty->fd = mount_new("tmpfs", "tmpfs", options,
                                      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                                      error);
        return empty->fd;
}

/* What lies in /proc and /sys is covered where they were mounted: the way to
 * them may lead through a symlink of the image, or a directory shared with
 * another container, and need not lead there any more (CVE-2019-19921,
 * CVE-2023-27561). */
static int open_target(const Launch *l, const char *path) {
        static const char *const tops[] = { "/proc", "/sys" };

        for (size_t i = 0; i < ELEMENTSOF(tops); i++) {
                const char *rest = startswith(path, tops[i]);
                int fd;

                if (!rest || *rest != '/' || strstr(rest, "/.."))
                        continue;
                fd = filesystem_mounted_on(l, tops[i]);
                if (fd >= 0)
                        return rootpath_open(fd, rest, O_PATH, 0);
        }
        return rootpath_open(l->root, path, O_PATH, 0);
}

/* CVE-2025-31133: what covers is not found by a path in the container but is
 * the host's /dev/null, checked to be that device; what is covered is opened
 * once, and covered by descriptor. */
static int mask(const Launch *l, const char *path, Cover *null, Cover *empty, Error *error) {
        _cleanup_fd_ int target = open_target(l, path);
        struct stat st;
        int r;

        if (target == -ENOENT || target == -ENOTDIR)
                return 0;
        if (target < 0 || fstat(target, &st) < 0)
                return error_set_errno(error, target < 0 ? target : errno, "masking %s", path);
        if (S_ISDIR(st.st_mode)) {
                r = empty_directory(empty, error);
                if (r < 0)
                        return error_prefix(error, "masking %s", path);
        }
        r = cover_attach(S_ISDIR(st.st_mode) ? empty : null, target);
        return r < 0 ? error_set_errno(error, r, "masking %s", path) : 0;
}

static int make_readonly(const Launch *l, const char *path, Error *error) {
        _cleanup_fd_ int target = open_target(l, path), clone = -EBADF;
        int r;

        if (target == -ENOENT || target == -ENOTDIR)
                return 0;
        if (target < 0)
                return error_set_errno(error, target, "making %s read-only", path);
        clone = mount_clone(target, "", true);
        r = clone < 0 ? clone : mount_set_attr(clone, MOUNT_ATTR_RDONLY, 0, true);
        if (r >= 0)
                r = mount_attach(clone, target);
        return r < 0 ? error_set_errno(error, r, "making %s read-only", path) : 0;
}

int cover_paths(const Launch *l, Error *error) {
        Cover null = { .fd = l->null }, empty = { .fd = -EBADF };
        int r = 0;

        for (char *const *p = l->config->readonly_paths; p && *p && r >= 0; p++)
                r = make_readonly(l, *p, error);
        for (char *const *p = l->config->masked_paths; p && *p && r >= 0; p++)
                r = mask(l, *p, &null, &empty, error);
        fd_close(empty.fd);
        return r;
}
