/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"
#include "mount.h"

#define MOUNTINFO_SIZE_MAX (64 * 1024 * 1024)

int mount_clone(int dirfd, const char *path, bool recursive) {
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
        int fd;

        if (path[0] == 0)
                flags |= AT_EMPTY_PATH;
        fd = open_tree(dirfd, path, flags);
        return fd < 0 ? -errno : fd;
}

int mount_attach(int mount_fd, int target_fd) {
        return move_mount(mount_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ? -errno
                                                                                                              : 0;
}

int mount_attach_at(int mount_fd, int dirfd, const char *path) {
        return move_mount(mount_fd, "", dirfd, path, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

static int set_attr(int mount_fd, struct mount_attr *attr, bool recursive) {
        unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);

        return mount_setattr(mount_fd, "", flags, attr, sizeof(*attr)) < 0 ? -errno : 0;
}

int mount_set_attr(int mount_fd, uint64_t set, uint64_t clear, bool recursive) {
        struct mount_attr attr = { .attr_set = set, .attr_clr = clear };

        if (set == 0 && clear == 0)
                return 0;
        return set_attr(mount_fd, &attr, recursive);
}

int mount_set_propagation(int mount_fd, unsigned long propagation, bool recursive) {
        struct mount_attr attr = { .propagation = propagation };

        return set_attr(mount_fd, &attr, recursive);
}

int mount_idmap(int mount_fd, int userns_fd, bool recursive) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) userns_fd };

        return set_attr(mount_fd, &attr, recursive);
}

int mount_new_node(int dirfd, const char *name, mode_t mode, dev_t number, uid_t uid, gid_t gid) {
        mode_t mask = umask(0);
        int r = mknodat(dirfd, name, mode, number) < 0 ? -errno : 0, fd;

        umask(mask);
        if (r < 0)
                return r;
        if (fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        fd = mount_clone(dirfd, name, false);
        if (fd < 0)
                return fd;
        r = mount_set_attr(fd, 0, MOUNT_ATTR_NODEV, false);
        if (r >= 0)
                r = mount_set_propagation(fd, MS_PRIVATE, false);
        if (r < 0)
                fd_close(fd);
        return r < 0 ? r : fd;
}

const char *mount_type_name(int fd, char buffer[static MOUNT_TYPE_NAME_MAX]) {
        /* Not all of them are in the C library's or the kernel's headers. */
        static const struct {
                uint32_t magic;
                const char *name;
        } types[] = {
                { 0x00006969, "nfs" },      { 0x00004d44, "vfat" },    { 0x00009660, "iso9660" },
                { 0x00009fa0, "proc" },     { 0x0000ef53, "ext4" },     { 0x00c36400, "ceph" },    { 0x01021994, "tmpfs" },
                { 0x01021997, "9p" },       { 0x01161970, "gfs2" },     { 0x0bd00bd0, "lustre" },  { 0x2011bab0, "exfat" },
                { 0x2fc12fc1, "zfs" },      { 0x52654973, "reiserfs" }, { 0x5346414f, "afs" },     { 0x5346544e, "ntfs" },
                { 0x58465342, "xfs" },      { 0x62656572, "sysfs" },    { 0x63677270, "cgroup2" }, { 0x6165676c, "pstore" },
                { 0x64626720, "debugfs" },  { 0x65735546, "fuse" },     { 0x6e736673, "nsfs" },    { 0x73717368, "squashfs" },
                { 0x7366746e, "ntfs3" },    { 0x74726163, "tracefs" },  { 0x7461636f, "ocfs2" },   { 0x794c7630, "overlay" },
                { 0x858458f6, "ramfs" },    { 0x9123683e, "btrfs" },    { 0x958458f6, "hugetlbfs" }, { 0xca451a4e, "bcachefs" },
                { 0xcafe4a11, "bpf" },      { 0xde5e81e4, "efivarfs" }, { 0xe0f5e1e2, "erofs" },   { 0xf15f083d, "ecryptfs" },
                { 0xf2f52010, "f2fs" },     { 0xfe534d42, "smb" },      { 0xff534d42, "cifs" },
        };
        struct statfs sfs;

        if (fstatfs(fd, &sfs) < 0)
                return "unknown";
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (types[i].magic == (uint32_t) sfs.f_type)
                        return types[i].name;
        snprintf(buffer, MOUNT_TYPE_NAME_MAX, "0x%x", (unsigned) sfs.f_type);
        return buffer;
}

int mount_has_submounts(int fd) {
        char link[FD_PATH_MAX], path[PATH_MAX];
        _cleanup_free_ char *text = NULL;
        ssize_t n;
        int r;

        n = readlink(fd_path(fd, link), path, sizeof(path));
        if (n < 0)
                return -errno;
        /* Whatever would be escaped, or is cut off, counts as "yes". */
        if ((size_t) n == sizeof(path) || path[0] != '/' || memchr(path, '\\', (size_t) n))
                return 1;
        for (ssize_t i = 0; i < n; i++)
                if (path[i] <= ' ')
                        return 1;
        if (n == 1) /* "/": nearly certain, and not worth a look */
                return 1;
        r = file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_SIZE_MAX, &text, NULL);
        if (r < 0)
                return r;

        /* proc_pid_mountinfo(5): the mount point is the fifth field. */
        for (const char *p = text; *p;) {
                for (unsigned field = 1; field < 5; field++) {
                        p += strcspn(p, " \n");
                        p += *p == ' ';
                }
                if (strncmp(p, path, (size_t) n) == 0 && p[n] == '/')
                        return 1;
                p += strcspn(p, "\n");
                p += *p == '\n';
        }
        return 0;
}

/* The kernel queues messages ("e tmpfs: Bad value for 'size'") on the
 * descriptor of a file system context. */
static int context_error(int fs, int errnum, const char *type, const char *option, Error *error) {
        char text[512];
        ssize_t k = read(fs, text, sizeof(text) - 1);

        if (k > 2) {
                text[k] = 0;
                text[strcspn(text, "\n")] = 0;
                return error_set_errno(error, errnum, "%s", text + 2);
        }
        if (option)
                return error_set_errno(error, errnum, "file system %s, option \"%s\"", type, option);
        return error_set_errno(error, errnum, "file system %s", type);
}

static int configure(int fs, const char *type, const char *option, Error *error) {
        const char *equals = strchr(option, '=');
        char key[64];
        int r;

        if (!equals)
                r = fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0);
        else {
                size_t n = (size_t) (equals - option);

                if (n == 0 || n >= sizeof(key))
                        return error_set(error, EINVAL, NULL, "file system %s: bad option \"%s\"", type, option);
                memcpy(key, option, n);
                key[n] = 0;
                r = fsconfig(fs, FSCONFIG_SET_STRING, key, equals + 1, 0);
        }
        return r < 0 ? context_error(fs, errno, type, option, error) : 0;
}

int mount_new(const char *type, const char *source, char *const *options, uint64_t attr, Error *error) {
        _cleanup_fd_ int fs = fsopen(type, FSOPEN_CLOEXEC);
        int fd, r;

        if (fs < 0)
                return error_set_errno(error, errno, "file system %s", type);
        if (source && fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
                return context_error(fs, errno, type, "source", error);
        for (char *const *option = options; option && *option; option++) {
                r = configure(fs, type, *option, error);
                if (r < 0)
                        return r;
        }
        if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return context_error(fs, errno, type, NULL, error);
        fd = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned) attr);
        if (fd < 0)
                return context_error(fs, errno, type, NULL, error);
        return fd;
}
