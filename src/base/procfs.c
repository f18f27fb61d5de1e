/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "fd.h"
#include "parse.h"
#include "procfs.h"

#define PROCFS_ROOT_INODE 1

int procfs_check(int fd) {
        struct statfs sfs;

        if (fstatfs(fd, &sfs) < 0)
                return -errno;
        return sfs.f_type == PROC_SUPER_MAGIC ? 0 : -ELIBBAD;
}

int procfs_open(void) {
        _cleanup_fd_ int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct stat st;
        int r;

        if (fd < 0)
                return -errno;
        r = procfs_check(fd);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        /* A directory of another procfs could be bound over /proc. */
        if (st.st_ino != PROCFS_ROOT_INODE)
                return -ELIBBAD;
        return TAKE_FD(fd);
}

static int openat2_retry(int dirfd, const char *path, uint64_t flags, uint64_t resolve) {
        struct open_how how = { .flags = flags, .resolve = resolve };
        int fd;

        for (unsigned attempt = 0; attempt < 128; attempt++) {
                fd = (int) syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
                if (fd >= 0)
                        return fd;
                if (errno != EAGAIN && errno != EINTR)
                        break;
        }
        return -errno;
}

int procfs_openat(int procfs, const char *path, int flags, bool magic) {
        _cleanup_fd_ int own = -EBADF, parent = -EBADF;
        int fd;

        if (procfs < 0) {
                own = procfs_open();
                if (own < 0)
                        return own;
                procfs = own;
        }
        /* openat2(2) takes no flag with O_PATH that has no meaning there. */
        flags |= O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY);
        if (!magic)
                return openat2_retry(procfs, path, (uint64_t) flags,
                                     RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);

        /* The magic link itself leaves procfs; the way to it must not. Its
         * being a link of procfs is checked before it is followed, so nothing
         * mounted on it is taken for it. */
        const char *slash = strrchr(path, '/');
        char directory[64];

        if (!slash || (size_t) (slash - path) >= sizeof(directory))
                return -EINVAL;
        memcpy(directory, path, (size_t) (slash - path));
        directory[slash - path] = 0;
        parent = openat2_retry(procfs, directory, O_PATH | O_DIRECTORY | O_CLOEXEC,
                               RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
        if (parent < 0)
                return parent;

        fd = openat2_retry(parent, slash + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
        if (fd < 0)
                return fd;
        fd_close(fd);
        return openat2_retry(parent, slash + 1, (uint64_t) flags, 0);
}

int procfs_write(int procfs, const char *path, const char *text) {
        _cleanup_fd_ int fd = procfs_openat(procfs, path, O_WRONLY, false);
        size_t n = strlen(text);

        if (fd < 0)
                return fd;
        ssize_t k = write(fd, text, n);
        if (k < 0)
                return -errno;
        return (size_t) k == n ? 0 : -EIO;
}

int procfs_start_time(int procfs, pid_t pid, uint64_t *ret_start, char *ret_state) {
        _cleanup_fd_ int fd = -EBADF;
        char path[32], line[1024], *p, *save = NULL;
        uint64_t start;
        char state;
        int r;

        snprintf(path, sizeof(path), "%d/stat", (int) pid);
        fd = procfs_openat(procfs, path, O_RDONLY, false);
        if (fd < 0)
                return fd == -ENOENT ? -ESRCH : fd;
        ssize_t k = read(fd, line, sizeof(line) - 1);
        if (k < 0)
                return -errno;
        line[k] = 0;

        /* "PID (COMMAND) STATE …": the command may hold anything, ')' too. */
        p = strrchr(line, ')');
        if (!p || p[1] != ' ' || p[2] == 0)
                return -EBADMSG;
        state = p[2];

        /* proc(5): starttime is field 22; the state is field 3. */
        p = strtok_r(p + 2, " ", &save);
        for (unsigned field = 3; p && field < 22; field++)
                p = strtok_r(NULL, " ", &save);
        if (!p)
                return -EBADMSG;
        r = parse_u64(p, &start);
        if (r < 0)
                return -EBADMSG;

        *ret_start = start;
        if (ret_state)
                *ret_state = state;
        return 0;
}

int procfs_ignored_signals(int procfs, uint64_t *ret) {
        _cleanup_fd_ int fd = procfs_openat(procfs, "self/status", O_RDONLY, false);
        char text[4096], *p, *end;

        if (fd < 0)
                return fd;
        ssize_t k = read(fd, text, sizeof(text) - 1);
        if (k < 0)
                return -errno;
        text[k] = 0;
        p = strstr(text, "\nSigIgn:");
        if (!p)
                return -EBADMSG;
        p += strlen("\nSigIgn:");
        *ret = strtoull(p, &end, 16);
        return end == p || *end != '\n' ? -EBADMSG : 0;
}
