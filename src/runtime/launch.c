/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <unistd.h>

#include "cgroup.h"
#include "fd.h"
#include "launch.h"
#include "lsm.h"
#include "mount.h"
#include "procfs.h"
#include "rootfs.h"
#include "sysctl.h"

static bool has_user_namespace(const Config *c) {
        return c->namespaces[NAMESPACE_USER].present && !c->namespaces[NAMESPACE_USER].entered;
}

static int put_on_stage(Launch *l, int *mount, Error *error) {
        int r;

        if (l->config->namespaces[NAMESPACE_MOUNT].path)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "restricted mounts in a user namespace need a new mount namespace: in %s the container could undo them",
                                 l->config->namespaces[NAMESPACE_MOUNT].path);
        r = stage_add(&l->stage, mount);
        return r < 0 ? error_set_errno(error, r, "mounts") : 0;
}

/* A root that the config wants read-only is so from the beginning in a user
 * namespace: what is set later is not locked. What is missing in it as a mount
 * point is made through a clone that nobody gets to see. */
static int restrict_root(Launch *l, int path, Error *error) {
        const Config *c = l->config;
        int r;

        if (c->root_readonly) {
                l->writable = mount_clone(path, "", false);
                r = l->writable < 0 ? l->writable : mount_set_propagation(l->writable, MS_PRIVATE, false);
                if (r >= 0)
                        r = mount_set_attr(l->root, MOUNT_ATTR_RDONLY, 0, false);
                if (r < 0)
                        return error_set_errno(error, r, "root file system %s", c->root_path);
        }
        /* Where there is a stage anyhow it costs less than a look for mounts
         * below the root. */
        if (l->stage.n_mounts == 0 && !stage_is_needed(l->root) && mount_has_submounts(path) == 0)
                return 0;
        return put_on_stage(l, &l->root, error);
}

static int open_root(Launch *l, int directory, Error *error) {
        unsigned long propagation = l->config->root_propagation == MS_SLAVE ? MS_SLAVE : MS_PRIVATE;
        _cleanup_fd_ int fd = openat(directory, l->config->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        const char *path = l->config->root_path;
        int r;

        l->root = fd < 0 ? -errno : mount_clone(fd, "", true);
        if (l->root < 0)
                return error_set_errno(error, l->root, "root file system %s", path);
        /* Before anything is mounted in it: else that would be mounted on the
         * host too. */
        r = mount_set_propagation(l->root, propagation, true);
        if (r < 0)
                return error_set_errno(error, r, "root file system %s: cutting it off", path);
        return has_user_namespace(l->config) ? restrict_root(l, fd, error) : 0;
}

/* Why the kernel said no, from what can be seen. */
static int explain_idmap(const ConfigMount *m, int fd, int userns, int errnum, Error *error) {
        bool below = m->options.idmap == MOUNT_IDMAP_RECURSIVE && mount_idmap(fd, userns, false) >= 0;
        char name[MOUNT_TYPE_NAME_MAX];

        if (below)
                return error_set_errno(error, errnum,
                                       "id-mapping: a file system that is mounted below %s does not allow it: "
                                       "bind without what is mounted below (\"bind\", \"idmap\")", m->source);
        if (errnum == -EPERM)
                return error_set_errno(error, errnum,
                                       "id-mapping: %s, of type %s, is mounted with id mappings already, or by another "
                                       "user namespace than this one", m->source, mount_type_name(fd, name));
        return error_set_errno(error, errnum,
                               "id-mapping: file systems of type %s do not allow it on this kernel: bind without idmap, "
                               "or have the source on one that does, as ext4, xfs and btrfs (tmpfs from Linux 6.3)",
                               mount_type_name(fd, name));
}

static int set_idmap(const Config *c, const ConfigMount *m, int fd, Error *error) {
        bool own = m->n_uids > 0;
        _cleanup_fd_ int userns = userns_open(own ? m->uids : c->uids, own ? m->n_uids : c->n_uids,
                                              own ? m->gids : c->gids, own ? m->n_gids : c->n_gids, error);
        int r;

        if (userns < 0)
                return userns;
        r = mount_idmap(fd, userns, m->options.idmap == MOUNT_IDMAP_RECURSIVE);
        return r < 0 ? explain_idmap(m, fd, userns, r, error) : 0;
}

/* Changes that later entries make to a bind are made now as well: what init
 * sets is not locked. */
static int apply_remounts(const Config *c, size_t i, int fd) {
        int r = 0;

        for (size_t j = i + 1; j < c->n_mounts && r >= 0; j++) {
                const MountOptions *o = &c->mounts[j].options;

                if (!o->remount || !streq(c->mounts[j].destination, c->mounts[i].destination))
                        continue;
                r = mount_set_attr(fd, o->set, o->clear, false);
                if (r >= 0)
                        r = mount_set_attr(fd, o->recursive_set, o->recursive_clear, true);
        }
        return r;
}

/* The source of a bind, cloned with our rights and in our mount namespace: the
 * container's root may not be able to reach it, and need not. All attributes
 * are set while nobody else can see it. */
static int open_bind(Launch *l, size_t i, int directory, Error *error) {
        const ConfigMount *m = l->config->mounts + i;
        const MountOptions *o = &m->options;
        int fd, r;

        fd = l->mounts[i] = mount_clone(directory, m->source, o->bind_recursive);
        if (fd < 0)
                return error_set_errno(error, fd, "mounting %s on %s", m->source, m->destination);
        r = mount_set_attr(fd, o->set, o->clear, false);
        if (r >= 0)
                r = mount_set_attr(fd, o->recursive_set, o->recursive_clear, true);
        if (r >= 0 && has_user_namespace(l->config))
                r = apply_remounts(l->config, i, fd);
        if (r >= 0)
                r = mount_set_propagation(fd, o->propagation ?: MS_PRIVATE,
                                          o->propagation == 0 || o->propagation_recursive);
        if (r < 0)
                return error_set_errno(error, r, "mounting %s on %s: setting its options", m->source, m->destination);
        if (o->idmap != MOUNT_IDMAP_NONE) {
                r = set_idmap(l->config, m, fd, error);
                if (r < 0)
                        return error_prefix(error, "mounting %s on %s", m->source, m->destination);
        }
        /* What is mounted below it must not be taken off inside, and what is
         * shared not with a peer that belongs to another user namespace. */
        if (has_user_namespace(l->config) &&
            (o->bind_recursive || o->propagation == MS_SHARED || stage_is_needed(fd)))
                return put_on_stage(l, &l->mounts[i], error);
        return 0;
}

static int open_binds(Launch *l, int directory, Error *error) {
        const Config *c = l->config;

        l->mounts = calloc(MAX(c->n_mounts, (size_t) 1), sizeof(int));
        if (!l->mounts)
                return error_set_errno(error, ENOMEM, "mounts");
        for (size_t i = 0; i < c->n_mounts; i++)
                l->mounts[i] = -EBADF;
        for (size_t i = 0; i < c->n_mounts; i++) {
                if (!c->mounts[i].options.bind || c->mounts[i].options.remount || c->mounts[i].options.inside)
                        continue;
                int r = open_bind(l, i, directory, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What the container will not be allowed to mount itself, since its network or
 * control group namespace belongs to somebody else: the host's. */
static const char *fallback_for(const Config *c, const ConfigMount *m) {
        if (m->options.bind || m->options.remount || !m->type)
                return NULL;
        if (streq(m->type, "sysfs"))
                return has_user_namespace(c) && !config_new_namespace(c, NAMESPACE_NETWORK) ? "/sys" : NULL;
        if (streq(m->type, "cgroup") || streq(m->type, "cgroup2"))
                return config_new_namespace(c, NAMESPACE_CGROUP) ? NULL : cgroup_mount_point();
        return NULL;
}

static int open_fallbacks(Launch *l, Error *error) {
        const Config *c = l->config;

        for (size_t i = 0; i < c->n_mounts; i++) {
                const MountOptions *o = &c->mounts[i].options;
                const char *path = fallback_for(c, c->mounts + i);
                int fd, r;

                if (!path)
                        continue;
                fd = l->mounts[i] = mount_clone(AT_FDCWD, path, false);
                /* Of what is mounted below, and locked there: init tries. */
                if (fd == -EINVAL && l->rootless)
                        continue;
                r = fd < 0 ? fd : mount_set_propagation(fd, MS_PRIVATE, false);
                if (r >= 0)
                        r = mount_set_attr(fd, o->set | o->recursive_set, o->clear, false);
                if (r < 0)
                        return error_set_errno(error, r, "cloning %s", path);
                if (has_user_namespace(c) && stage_is_needed(fd) && (r = put_on_stage(l, &l->mounts[i], error)) < 0)
                        return r;
        }
        return 0;
}

static int open_namespaces(Launch *l, Error *error) {
        for (int i = 0; i < NAMESPACE_MAX; i++) {
                const char *path = l->config->namespaces[i].path;

                if (!path || l->config->namespaces[i].entered)
                        continue;
                l->paths[i] = namespace_open((NamespaceType) i, path, error);
                if (l->paths[i] < 0)
                        return l->paths[i];
        }
        return 0;
}

static int check_labels(const ConfigProcess *p, Error *error) {
        if (p->apparmor_profile && !apparmor_is_enabled())
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "process.apparmorProfile is \"%s\", but AppArmor is not active here", p->apparmor_profile);
        /* Init is given it as late as at its execve(2): it would be `start` that fails. */
        if (p->apparmor_profile && !apparmor_may_be_loaded(p->apparmor_profile))
                return error_set(error, ENOENT, NULL, "AppArmor profile %s is not loaded", p->apparmor_profile);
        if (p->selinux_label && !selinux_is_enabled())
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "process.selinuxLabel is \"%s\", but SELinux is not active here", p->selinux_label);
        return 0;
}

int launch_open(Launch *l, const Config *c, const Container *container, int directory, Error *error) {
        int r;

        *l = (Launch){
                .rootless = l->rootless, .config = c, .container = container, .channel = -EBADF, .peer = -EBADF,
                .root = -EBADF, .writable = -EBADF, .null = -EBADF,
                .listener = -EBADF, .console_socket = -EBADF, .procfs = -EBADF,
                .new_user_namespace = config_new_namespace(c, NAMESPACE_USER),
                .wait_mounted = c->hooks[HOOK_PRESTART].n_hooks > 0 || c->hooks[HOOK_CREATE_RUNTIME].n_hooks > 0,
                .payload = { .process = &c->process, .has_personality = c->has_personality,
                             .personality = c->personality, .memory_policy = c->memory_policy, .death_signal = c->death_signal,
                             .attributes = -EBADF },
        };
        for (int i = 0; i < NAMESPACE_MAX; i++)
                l->paths[i] = -EBADF;

        l->procfs = procfs_open();
        if (l->procfs < 0)
                return error_set_errno(error, l->procfs, "opening /proc");
        if (procfs_ignored_signals(l->procfs, &l->payload.ignored_signals) < 0)
                l->payload.ignored_signals = ~UINT64_C(0);
        if ((r = check_labels(&c->process, error)) < 0 ||
            (r = open_namespaces(l, error)) < 0 ||
            (c->n_sysctls > 0 && (r = sysctl_check_joined(c, l->paths, error)) < 0) ||
            (r = open_binds(l, directory, error)) < 0 ||
            (r = open_fallbacks(l, error)) < 0 ||
            (r = open_root(l, directory, error)) < 0 ||
            (r = device_open_all(l, error)) < 0)
                return r;
        return 0;
}

void launch_close(Launch *l) {
        int *const fds[] = { &l->channel, &l->root, &l->writable, &l->null, &l->listener,
                             &l->console_socket, &l->procfs };

        if (!l->config)
                return;
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                *fds[i] = fd_close(*fds[i]);
        for (size_t i = 0; l->mounts && i < l->config->n_mounts; i++)
                fd_close(l->mounts[i]);
        for (size_t i = 0; l->devices && i < device_count(l->config); i++)
                fd_close(l->devices[i]);
        for (int i = 0; i < NAMESPACE_MAX; i++)
                fd_close(l->paths[i]);
        stage_clear(&l->stage);
        free(l->mounts);
        free(l->devices);
        l->seccomp = syscall_filter_free(l->seccomp);
        l->config = NULL;
}
