/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "entry-copy.h"
#include "fd.h"

#define CHUNK (1 << 20)

/* Within one file system the kernel does it; between two of them it may not. */
static int copy_by_hand(int from, int to, off_t offset, off_t end) {
        _cleanup_free_ char *buffer = malloc(CHUNK);

        if (!buffer)
                return -ENOMEM;
        while (offset < end) {
                ssize_t n = pread(from, buffer, (size_t) MIN(end - offset, (off_t) CHUNK), offset);

                if (n <= 0)
                        return n < 0 ? -errno : 0;
                for (ssize_t done = 0, k; done < n; done += k) {
                        k = pwrite(to, buffer + done, (size_t) (n - done), offset + done);
                        if (k < 0)
                                return -errno;
                }
                offset += n;
        }
        return 0;
}

static int copy_range(int from, int to, off_t offset, off_t end) {
        while (offset < end) {
                off_t in = offset, out = offset;
                ssize_t n = copy_file_range(from, &in, to, &out, (size_t) (end - offset), 0);

                if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
                        return copy_by_hand(from, to, offset, end);
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                offset += n;
        }
        return 0;
}

int entry_copy_data(int from, int to, off_t size) {
        off_t data = 0, hole;
        int r;

        if (size == 0 || ioctl(to, FICLONE, from) >= 0)
                return 0;
        while (data < size) {
                data = lseek(from, data, SEEK_DATA);
                if (data < 0 && errno == ENXIO)
                        break; /* a hole up to the end */
                hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
                if (hole < 0)
                        return -errno;
                r = copy_range(from, to, data, MIN(hole, size));
                if (r < 0)
                        return r;
                data = hole;
        }
        return ftruncate(to, size) < 0 ? -errno : 0;
}

static bool is_copied(const char *name) {
        static const char *const prefixes[] = { "user.", "trusted.", "security.capability", "system.posix_acl_" };

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (startswith(name, prefixes[i]))
                        return true;
        return false;
}

static int copy_attribute(const char *from, const char *to, const char *name) {
        char value[XATTR_SIZE_MAX];
        ssize_t n = getxattr(from, name, value, sizeof(value));

        return n < 0 || setxattr(to, name, value, (size_t) n, 0) < 0 ? -errno : 0;
}

/* By a path of /proc, which leads to what a descriptor is of, be it a symlink. */
static int copy_attributes(const char *from, const char *to) {
        char names[XATTR_LIST_MAX];
        ssize_t n = listxattr(from, names, sizeof(names));
        int r = 0;

        if (n < 0)
                return errno == EOPNOTSUPP ? 0 : -errno;
        for (const char *name = names; r >= 0 && name < names + n; name += strlen(name) + 1)
                if (is_copied(name))
                        r = copy_attribute(from, to, name);
        return r;
}

int entry_copy_metadata(int from, int to, const struct stat *st) {
        char source[FD_PATH_MAX], target[FD_PATH_MAX];
        int r;

        fd_path(from, source);
        fd_path(to, target);
        /* In this order: the owner's change takes capabilities and set-id bits away. */
        if (fchownat(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!S_ISLNK(st->st_mode) && chmod(target, st->st_mode & 07777) < 0)
                return -errno;
        r = copy_attributes(source, target);
        if (r < 0)
                return r;
        return utimensat(AT_FDCWD, target, (struct timespec[]){ st->st_atim, st->st_mtim }, 0) < 0 ? -errno : 0;
}

int entry_copy_node(int from, int dir, const char *name, const struct stat *st) {
        char target[PATH_MAX];
        ssize_t n;

        if (!S_ISLNK(st->st_mode))
                return mknodat(dir, name, st->st_mode & (S_IFMT | 0600), st->st_rdev) < 0 ? -errno : 0;
        n = readlinkat(from, "", target, sizeof(target) - 1);
        if (n < 0)
                return -errno;
        target[n] = 0;
        return symlinkat(target, dir, name) < 0 ? -errno : 0;
}
