/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "fd.h"
#include "namespace.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const struct {
        const char *name;
        uint64_t flag;
} types[NAMESPACE_MAX] = {
        [NAMESPACE_USER] = { "user", CLONE_NEWUSER },
        [NAMESPACE_PID] = { "pid", CLONE_NEWPID },
        [NAMESPACE_NETWORK] = { "network", CLONE_NEWNET },
        [NAMESPACE_IPC] = { "ipc", CLONE_NEWIPC },
        [NAMESPACE_UTS] = { "uts", CLONE_NEWUTS },
        [NAMESPACE_CGROUP] = { "cgroup", CLONE_NEWCGROUP },
        [NAMESPACE_TIME] = { "time", CLONE_NEWTIME },
        [NAMESPACE_MOUNT] = { "mount", CLONE_NEWNS },
};

const char *namespace_type_to_string(NamespaceType type) {
        return type >= 0 && type < NAMESPACE_MAX ? types[type].name : NULL;
}

NamespaceType namespace_type_from_string(const char *s) {
        for (int i = 0; i < NAMESPACE_MAX; i++)
                if (streq(s, types[i].name))
                        return (NamespaceType) i;
        return NAMESPACE_INVALID;
}

uint64_t namespace_type_flag(NamespaceType type) {
        return types[type].flag;
}

int namespace_open(NamespaceType type, const char *path, Error *error) {
        _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        int kind;

        if (fd < 0)
                return error_set_errno(error, errno, "%s namespace %s", types[type].name, path);

        /* Without the check setns(2) would be asked later, by a child, and a
         * path to another kind of namespace would silently be that kind. */
        kind = ioctl(fd, NS_GET_NSTYPE);
        if (kind < 0 || (uint64_t) (unsigned) kind != types[type].flag)
                return error_set(error, EINVAL, "InvalidConfig", "%s is not a %s namespace", path, types[type].name);
        return TAKE_FD(fd);
}
