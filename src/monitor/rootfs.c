/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"
#include "mount.h"
#include "rootfs.h"
#include "userns.h"

int rootfs_unshare(Error *error) {
        /* Safe: nothing mounted from here on reaches the host. */
        if (unshare(CLONE_NEWNS) < 0)
                return error_set_errno(error, errno, "A mount namespace cannot be made");
        if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
                return error_set_errno(error, errno, "The mount namespace cannot be cut off from the host's");
        return 0;
}

/* The name of the file system that a path is on, for a sentence. */
static void filesystem_name(const char *path, char *ret, size_t size) {
        _cleanup_free_ char *text = NULL;
        struct statx sx;
        char *save = NULL;

        snprintf(ret, size, "unknown");
        if (statx(AT_FDCWD, path, 0, STATX_MNT_ID, &sx) < 0 || !(sx.stx_mask & STATX_MNT_ID))
                return;
        if (file_read(AT_FDCWD, "/proc/self/mountinfo", 4 * 1024 * 1024, &text, NULL) < 0)
                return;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                char *type = strstr(line, " - ");

                if (!type || strtoull(line, NULL, 10) != sx.stx_mnt_id)
                        continue;
                type += 3;
                snprintf(ret, size, "%.*s", (int) strcspn(type, " "), type);
                return;
        }
}

/* A detached mount of a directory, id-mapped where userns is a descriptor. */
static int layer_clone(const char *path, int userns, uint64_t attr, Error *error) {
        _cleanup_fd_ int fd = -EBADF;
        int r;

        fd = mount_clone(AT_FDCWD, path, false);
        if (fd < 0)
                return error_set_errno(error, fd, "The directory %s cannot be mounted", path);
        r = mount_set_propagation(fd, MS_PRIVATE, false);
        if (r >= 0)
                r = mount_set_attr(fd, attr, 0, false);
        if (r < 0)
                return error_set_errno(error, r, "The attributes of the mount of %s cannot be set", path);

        if (userns >= 0)
                r = mount_idmap(fd, userns, false);
        if (r == -EINVAL || r == -EOPNOTSUPP) {
                char type[32];

                filesystem_name(path, type, sizeof(type));
                return error_set(error, -r, NULL,
                                 "%s is on a file system that cannot be id-mapped (%s); move it to ext4, xfs or btrfs, "
                                 "or run the container with UserNamespace=no.",
                                 path, type);
        }
        if (r == -EPERM && !userns_is_first())
                return error_set(error, EPERM, NULL,
                                 "%s cannot be id-mapped in a container, whose file systems are the host's: "
                                 "run the container in it with UserNamespace=no.",
                                 path);
        if (r < 0)
                return error_set_errno(error, r, "The mount of %s cannot be id-mapped", path);
        return TAKE_FD(fd);
}

static int layer_attach(int layers, unsigned number, const char *path, int userns, uint64_t attr, Error *error) {
        _cleanup_fd_ int fd = -EBADF;
        char name[16];
        int r;

        fd = layer_clone(path, userns, attr, error);
        if (fd < 0)
                return fd;
        snprintf(name, sizeof(name), "%u", number);
        if (mkdirat(layers, name, 0700) < 0 && errno != EEXIST)
                return error_set_errno(error, errno, "The mount point %s of a layer cannot be made", name);
        r = mount_attach_at(fd, layers, name);
        if (r < 0)
                return error_set_errno(error, r, "The layer %s cannot be attached", path);
        return 0;
}

/*
 * Makes the overlay on the layers 0 to n - 1 (lower) and n (store).
 *
 * An overlay acts on its layers with the credentials of whoever mounted it. On
 * id-mapped layers the file system ids of those must be in the map, or already
 * making work/work fails with EOVERFLOW: root of the host is none of the ids
 * that the mount stands for. So the caller's file system ids become those that
 * the container's root has outside, for the time of the mount, and what the
 * overlay makes for itself belongs to root on disk, as without a map. The
 * capabilities must stay with them: SECBIT_NO_SETUID_FIXUP keeps the kernel
 * from dropping CAP_DAC_OVERRIDE and its like with file system id 0. This is
 * safe, since nothing but the mount happens in between, and it works since
 * id-mapped layers do (Linux 5.19). The other way, root of the host by its own line in
 * the map (see layers_userns()), would put that foreign id on disk.
 */
static int overlay_new(const char *lower, unsigned n, const Plan *plan, Error *error) {
        char lowerdir[sizeof("lowerdir=") + PLAN_LOWER_MAX * 4], upperdir[32], workdir[32],
             context[sizeof("context=") + 256];
        /* Without redirect_dir, renaming a directory of an image fails with
         * EXDEV, as on no other file system. Not index=on: a store that was
         * copied or moved then no longer mounts (ESTALE). In a container of its own
         * nobody may set trusted attributes; what the overlay notes is in those of
         * users, and redirects, which users could forge, are not to be had. */
        char *const options[] = { lowerdir, upperdir, workdir,
                                  (char *) (userns_is_first() ? "redirect_dir=on" : "userxattr"),
                                  plan->mount_context ? context : NULL, NULL };
        int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0), fd;
        uint32_t owner = 0;

        snprintf(lowerdir, sizeof(lowerdir), "lowerdir=%s", lower);
        snprintf(upperdir, sizeof(upperdir), "upperdir=%u/upper", n);
        snprintf(workdir, sizeof(workdir), "workdir=%u/work", n);
        /* The layers keep what they have: images are for all containers. */
        snprintf(context, sizeof(context), "context=%s", strempty(plan->mount_context));

        if (plan->n_idmap > 0 && id_map_outside(plan->idmap, plan->n_idmap, 0, &owner) < 0)
                owner = plan->idmap[0].outside;
        if (bits < 0 || prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0)
                return error_set_errno(error, errno, "The secure bits cannot be set");
        setfsuid(owner);
        setfsgid(owner);

        fd = mount_new("overlay", "overlay", options, plan->readonly ? MOUNT_ATTR_RDONLY : 0, error);

        setfsuid(0);
        setfsgid(0);
        (void) prctl(PR_SET_SECUREBITS, bits, 0, 0, 0);
        return fd;
}

static int store_check(const char *store, Error *error) {
        static const char *const names[] = { "upper", "work" };
        _cleanup_fd_ int fd = open(store, O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return error_set_errno(error, errno, "The container's directory %s cannot be opened", store);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                struct stat st;

                if (fstatat(fd, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return error_set_errno(error, errno, "The container's directory %s/%s is missing", store,
                                               names[i]);
                if (!S_ISDIR(st.st_mode))
                        return error_set(error, ENOTDIR, NULL, "%s/%s is not a directory.", store, names[i]);
        }
        return 0;
}

static int overlay_mount(const Plan *plan, int userns, const char *layers, Error *error) {
        _cleanup_fd_ int directory = -EBADF;
        char lower[PLAN_LOWER_MAX * 4] = "";
        unsigned n = 0;
        int fd, r;

        r = store_check(plan->store, error);
        if (r < 0)
                return r;
        if (mkdir(layers, 0700) < 0 && errno != EEXIST)
                return error_set_errno(error, errno, "The directory %s cannot be made", layers);
        directory = open(layers, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (directory < 0)
                return error_set_errno(error, errno, "The directory %s cannot be opened", layers);

        for (; n < plan->n_lower; n++) {
                size_t used = strlen(lower);

                r = layer_attach(directory, n, plan->lower[n], userns, MOUNT_ATTR_RDONLY, error);
                if (r < 0)
                        return r;
                snprintf(lower + used, sizeof(lower) - used, "%s%u", n > 0 ? ":" : "", n);
        }
        r = layer_attach(directory, n, plan->store, userns, 0, error);
        if (r < 0)
                return r;

        /* Short relative names: an option has at most 255 bytes, and the guest
         * can read them in its /proc/self/mountinfo. */
        if (fchdir(directory) < 0)
                return error_set_errno(error, errno, "The directory %s cannot be entered", layers);
        fd = overlay_new(lower, n, plan, error);
        if (chdir("/") < 0 && fd >= 0) {
                fd_close(fd);
                return error_set_errno(error, errno, "The root directory cannot be entered");
        }
        if (fd == -EINVAL || fd == -EOVERFLOW)
                (void) error_prefix(error, "An overlay cannot be made in %s (its file system may not be fit for one)",
                                    plan->store);
        else if (fd < 0)
                (void) error_prefix(error, "An overlay cannot be made in %s", plan->store);
        return fd;
}

/* Detaches the layers: an overlay holds clones of its own. */
static void layers_detach(const Plan *plan, const char *layers) {
        _cleanup_fd_ int directory = open(layers, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        char path[FD_PATH_MAX + 16], base[FD_PATH_MAX];

        if (directory < 0)
                return;
        for (unsigned i = 0; plan->root == PLAN_ROOT_OVERLAY && i <= plan->n_lower; i++) {
                snprintf(path, sizeof(path), "%s/%u", fd_path(directory, base), i);
                (void) umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
        }
}

/*
 * The map of the layers: the container's, and a line for root of the host, who else
 * could create nothing in the container (EOVERFLOW): machinectl copy-to makes a file as
 * that and then gives it to the container's root. The id on disk is the one that
 * systemd takes for it (systemd-nspawn, UID_MAPPED_ROOT). It gives the container nothing: its user
 * namespace does not have root of the host, so nobody in there can become, change to or run as it.
 */
static int layers_userns(const Plan *plan, Error *error) {
        const uint32_t host_root = INT32_MAX - 1;
        IdMap map[PLAN_IDMAP_MAX + 1];
        size_t n = plan->n_idmap;

        memcpy(map, plan->idmap, n * sizeof(*map));
        map[n] = (IdMap){ .inside = host_root, .outside = 0, .count = 1 };
        if (id_map_check(map, n + 1) >= 0) /* else one of the two is in it already */
                n++;
        return userns_open(map, n, map, n, error);
}

int rootfs_mount(const Plan *plan, const char *layers, Error *error) {
        _cleanup_fd_ int userns = -EBADF, fd = -EBADF;
        int r = 0;

        if (plan->n_idmap > 0) {
                userns = layers_userns(plan, error);
                if (userns < 0)
                        return error_prefix(error, "The id map cannot be made");
        }

        if (plan->root == PLAN_ROOT_OVERLAY) {
                fd = overlay_mount(plan, userns, layers, error);
                layers_detach(plan, layers);
        } else
                fd = layer_clone(plan->store, userns, plan->readonly ? MOUNT_ATTR_RDONLY : 0, error);
        if (fd < 0)
                return fd;

        if (mkdir(plan->rootfs, 0700) < 0 && errno != EEXIST)
                return error_set_errno(error, errno, "The mount point %s cannot be made", plan->rootfs);
        r = mount_set_propagation(fd, MS_PRIVATE, false);
        if (r >= 0)
                r = mount_attach_at(fd, AT_FDCWD, plan->rootfs);
        if (r < 0)
                return error_set_errno(error, r, "The root cannot be attached at %s", plan->rootfs);
        return 0;
}

void rootfs_unmount(const Plan *plan, const char *layers) {
        _cleanup_fd_ int directory = -EBADF;

        if (plan->rootfs)
                while (umount2(plan->rootfs, MNT_DETACH | UMOUNT_NOFOLLOW) >= 0)
                        ;
        layers_detach(plan, layers);

        directory = open(layers, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        for (unsigned i = 0; directory >= 0 && i <= plan->n_lower; i++) {
                char name[16];

                snprintf(name, sizeof(name), "%u", i);
                (void) unlinkat(directory, name, AT_REMOVEDIR);
        }
        (void) rmdir(layers);
}
