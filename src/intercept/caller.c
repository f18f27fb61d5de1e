/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caller.h"
#include "fd.h"
#include "file.h"
#include "procfs.h"

#define STATUS_MAX (64 * 1024)
#define PAGE 4096

bool caller_waits(const Caller *caller) {
        uint64_t id = caller->request->id;

        return ioctl(caller->listener->fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static const char *status_value(const char *status, const char *name) {
        const char *p = strstr(status, name);

        return p ? p + strlen(name) : NULL;
}

/* The name of a process, which it chooses, comes before these; the kernel escapes
 * line breaks in it. */
static int parse_status(Caller *caller, const char *status) {
        const char *uid = status_value(status, "\nUid:"), *gid = status_value(status, "\nGid:"),
                   *groups = status_value(status, "\nGroups:"), *mask = status_value(status, "\nUmask:"),
                   *set = status_value(status, "\nCapEff:");
        unsigned mode;
        char *end;

        if (!uid || !gid || !groups || !mask || !set || sscanf(uid, "%*u %*u %*u %u", &caller->fsuid) != 1 ||
            sscanf(gid, "%*u %*u %*u %u", &caller->fsgid) != 1 || sscanf(mask, "%o", &mode) != 1)
                return -EBADMSG;
        caller->umask = mode;
        caller->capabilities = strtoull(set, NULL, 16);
        for (const char *p = groups; *p && *p != '\n'; p = end) {
                unsigned long id;

                p += strspn(p, " \t");
                id = strtoul(p, &end, 10);
                if (end == p)
                        break;
                if (caller->n_groups >= CALLER_GROUPS_MAX)
                        return -E2BIG;
                caller->groups[caller->n_groups++] = (gid_t) id;
        }
        return 0;
}

int caller_open(Caller *caller, const Listener *listener, const struct seccomp_notif *request) {
        _cleanup_free_ char *status = NULL;
        _cleanup_fd_ int procfs = procfs_open();
        char path[16];
        struct stat st;
        int r;

        *caller = (Caller){ .listener = listener, .request = request, .proc = -EBADF, .memory = -EBADF };
        if (procfs < 0)
                return procfs;
        snprintf(path, sizeof(path), "%u", request->pid);
        r = caller->proc = procfs_openat(procfs, path, O_PATH | O_DIRECTORY, false);
        if (r < 0)
                return r;
        /* From here on the directory is that of the caller, or nothing opens in it. */
        if (!caller_waits(caller))
                return -ESRCH;
        caller->memory = openat(caller->proc, "mem", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (caller->memory < 0)
                return -errno;
        r = file_read(caller->proc, "status", STATUS_MAX, &status, NULL);
        if (r >= 0)
                r = parse_status(caller, status);
        if (r >= 0 && fstatat(caller->proc, "ns/user", &st, 0) < 0)
                r = -errno;
        if (r < 0)
                return r;
        /* Root of a namespace that was made inside is not root of the container. */
        if (st.st_dev != listener->userns_dev || st.st_ino != listener->userns_ino)
                caller->capabilities = 0;
        return caller_waits(caller) ? 0 : -ESRCH;
}

int caller_read(const Caller *caller, uint64_t address, void *ret, size_t n) {
        ssize_t k;

        if (address > INT64_MAX)
                return -EFAULT;
        k = pread(caller->memory, ret, n, (off_t) address);
        if (!caller_waits(caller))
                return -ESRCH;
        return k == (ssize_t) n ? 0 : -EFAULT;
}

/* By pages: the one behind the string's last need not be there. */
int caller_read_string(const Caller *caller, uint64_t address, char *ret, size_t size) {
        for (size_t n = 0; n < size;) {
                size_t part = MIN(size - n, (size_t) (PAGE - (address + n) % PAGE));
                int r = caller_read(caller, address + n, ret + n, part);

                if (r < 0)
                        return r;
                if (memchr(ret + n, 0, part))
                        return 0;
                n += part;
        }
        return -ENAMETOOLONG;
}

int caller_write(const Caller *caller, uint64_t address, const void *data, size_t n) {
        if (address > INT64_MAX)
                return -EFAULT;
        if (!caller_waits(caller))
                return -ESRCH;
        /* The memory is that of the caller, or was: no pid is looked up here. */
        return pwrite(caller->memory, data, n, (off_t) address) == (ssize_t) n ? 0 : -EFAULT;
}

bool caller_has(const Caller *caller, int capability) {
        return caller->capabilities & UINT64_C(1) << capability;
}

int caller_set_capabilities(uint64_t set) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {
                { .effective = (uint32_t) set, .permitted = (uint32_t) set },
                { .effective = (uint32_t) (set >> 32), .permitted = (uint32_t) (set >> 32) },
        };

        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int caller_become(const Caller *caller, int at, int capability) {
        _cleanup_fd_ int root = openat(caller->proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), directory = -EBADF;
        char path[32] = "cwd";

        if (at != AT_FDCWD)
                snprintf(path, sizeof(path), "fd/%d", at);
        directory = openat(caller->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0 || !caller_waits(caller))
                return -ESRCH;
        if (directory < 0)
                return errno == ENOTDIR ? -ENOTDIR : -EBADF;
        if (fchdir(root) < 0 || chroot(".") < 0 || fchdir(directory) < 0 || setgroups(caller->n_groups, caller->groups) < 0)
                return -errno;
        setfsgid(caller->fsgid);
        setfsuid(caller->fsuid);
        if ((uint32_t) setfsuid(UINT32_MAX) != caller->fsuid || (uint32_t) setfsgid(UINT32_MAX) != caller->fsgid)
                return -EPERM;
        umask(caller->umask);
        return caller_set_capabilities(capability < 0 ? 0 : UINT64_C(1) << capability);
}

int caller_open_path(const char *path, uint64_t flags) {
        struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
        int fd = (int) syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

        return fd < 0 ? -errno : fd;
}
