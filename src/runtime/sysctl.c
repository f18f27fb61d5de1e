/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "procfs.h"
#include "sysctl.h"

/* Which namespace a sysctl belongs to; what is not here is the host's. */
static const struct {
        const char *name;
        bool prefix;
        NamespaceType type;
} owners[] = {
        { "net.", true, NAMESPACE_NETWORK },
        { "fs.mqueue.", true, NAMESPACE_IPC },
        { "kernel.msgmax", false, NAMESPACE_IPC },
        { "kernel.msgmnb", false, NAMESPACE_IPC },
        { "kernel.msgmni", false, NAMESPACE_IPC },
        { "kernel.msg_next_id", false, NAMESPACE_IPC },
        { "kernel.sem", false, NAMESPACE_IPC },
        { "kernel.sem_next_id", false, NAMESPACE_IPC },
        { "kernel.shmall", false, NAMESPACE_IPC },
        { "kernel.shmmax", false, NAMESPACE_IPC },
        { "kernel.shmmni", false, NAMESPACE_IPC },
        { "kernel.shm_next_id", false, NAMESPACE_IPC },
        { "kernel.shm_rmid_forced", false, NAMESPACE_IPC },
        { "kernel.domainname", false, NAMESPACE_UTS },
        { "user.", true, NAMESPACE_USER },
};

/* sysctl(8): where the first separator is a dot, dots and slashes are
 * exchanged. "net.ipv4.conf.eth0/1.x" is net/ipv4/conf/eth0.1/x. */
static int to_path(const char *name, char *path, size_t size) {
        const char *first = strpbrk(name, "./");
        bool exchange = first && *first == '.';
        size_t n = strlen(name);

        if (n == 0 || n >= size)
                return -EINVAL;
        for (size_t i = 0; i <= n; i++)
                path[i] = !exchange        ? name[i]
                          : name[i] == '.' ? '/'
                          : name[i] == '/' ? '.'
                                           : name[i];
        if (path[0] == '/' || strstr(path, "//") || path[n - 1] == '/')
                return -EINVAL;
        for (const char *p = path; p; p = strchr(p, '/')) {
                p += *p == '/';
                if ((p[0] == '.' && (p[1] == '/' || p[1] == 0)) || (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == 0)))
                        return -EINVAL;
        }
        return 0;
}

static NamespaceType owner_of(const char *path) {
        for (size_t i = 0; i < ELEMENTSOF(owners); i++) {
                char owner[64];

                strcpy(owner, owners[i].name);
                for (char *p = owner; *p; p++)
                        if (*p == '.')
                                *p = '/';
                if (owners[i].prefix ? startswith(path, owner) != NULL : streq(path, owner))
                        return owners[i].type;
        }
        return NAMESPACE_INVALID;
}

int sysctl_check(const Config *c, const ConfigSysctl *sysctl, Error *error) {
        NamespaceType owner;
        char path[256];

        if (to_path(sysctl->name, path, sizeof(path)) < 0)
                return error_set(error, EINVAL, "InvalidConfig", "linux.sysctl: \"%s\" is no name of a sysctl",
                                 sysctl->name);
        if (streq(path, "kernel/hostname"))
                return error_set(error, EINVAL, "InvalidConfig",
                                 "linux.sysctl: \"%s\" conflicts with the OCI field \"hostname\": give the name there",
                                 sysctl->name);
        owner = owner_of(path);
        if (owner < 0)
                return error_set(error, EINVAL, "InvalidConfig",
                                 "linux.sysctl: \"%s\" belongs to no namespace: it is the host's", sysctl->name);
        if (!c->namespaces[owner].present)
                return error_set(error, EINVAL, "InvalidConfig",
                                 "linux.sysctl: \"%s\" needs a %s namespace: without one it is the host's",
                                 sysctl->name, namespace_type_to_string(owner));
        return 0;
}

int sysctl_check_joined(const Config *c, const int namespaces[static NAMESPACE_MAX], Error *error) {
        static const char *const files[NAMESPACE_MAX] = {
                [NAMESPACE_NETWORK] = "/proc/self/ns/net", [NAMESPACE_IPC] = "/proc/self/ns/ipc",
                [NAMESPACE_UTS] = "/proc/self/ns/uts",
        };

        for (size_t i = 0; i < c->n_sysctls; i++) {
                NamespaceType owner = NAMESPACE_INVALID;
                struct stat joined, own;
                char path[256];

                if (to_path(c->sysctls[i].name, path, sizeof(path)) >= 0)
                        owner = owner_of(path);
                if (owner < 0 || namespaces[owner] < 0 || !files[owner])
                        continue;
                if (fstat(namespaces[owner], &joined) < 0 || stat(files[owner], &own) < 0)
                        return error_set_errno(error, errno, "linux.sysctl: %s namespace", namespace_type_to_string(owner));
                if (joined.st_dev == own.st_dev && joined.st_ino == own.st_ino)
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "linux.sysctl: \"%s\" in the %s namespace %s is the host's", c->sysctls[i].name,
                                         namespace_type_to_string(owner), c->namespaces[owner].path);
        }
        return 0;
}

int sysctl_apply(const Config *c, int procfs, Error *error) {
        for (size_t i = 0; i < c->n_sysctls; i++) {
                const ConfigSysctl *s = c->sysctls + i;
                char path[256 + 4] = "sys/";
                int r;

                r = to_path(s->name, path + 4, sizeof(path) - 4);
                if (r >= 0)
                        r = procfs_write(procfs, path, s->value);
                if (r < 0)
                        return error_set_errno(error, r, "setting sysctl %s to \"%s\"", s->name, s->value);
        }
        return 0;
}
