/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cgroup.h"
#include "device-filter.h"
#include "fd.h"
#include "file.h"
#include "mount.h"
#include "placement.h"

#define KILL_TIMEOUT_USEC (10 * USEC_PER_SEC)

int placement_path(const Config *c, const char *id, char **ret, Error *error) {
        const char *path = c->cgroups_path;
        char *result;

        if (path && strchr(path, ':'))
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "linux.cgroupsPath \"%s\" is systemd's form, which is not supported yet: give a path", path);
        if (asprintf(&result, "%s%s", path && path[0] == '/' ? "" : "/", path ?: id) < 0)
                return error_set_errno(error, ENOMEM, "linux.cgroupsPath");
        if (!cgroup_path_is_valid(result) || result[1] == 0) {
                error_set(error, EINVAL, "InvalidConfig",
                          "linux.cgroupsPath \"%s\" is no path below the root of the cgroups", path);
                free(result);
                return -EINVAL;
        }
        *ret = result;
        return 0;
}

/* A controller reaches a cgroup when every one above it passes it on. Where
 * this fails the write of the limit will say so. */
static void enable_controller(const char *path, const char *controller) {
        char copy[4096];

        for (size_t i = 1; path[i - 1]; i++) {
                if (path[i] != '/' || i >= sizeof(copy))
                        continue;
                memcpy(copy, path, i);
                copy[i] = 0;

                _cleanup_fd_ int fd = cgroup_open(copy);
                if (fd >= 0)
                        (void) cgroup_enable(fd, (const char *const[]){ controller, NULL });
        }
}

static int set_limits(const Config *config, const Container *c, int fd, Error *error) {
        for (size_t i = 0; i < config->n_resources; i++) {
                const ConfigResource *w = config->resources + i;
                int r;

                if (w->controller && cgroup_has_controller(fd, w->controller) == 0) {
                        _cleanup_fd_ int root = cgroup_open("/");

                        if (root >= 0)
                                (void) cgroup_enable(root, (const char *const[]){ w->controller, NULL });
                        enable_controller(c->cgroup, w->controller);
                        if (cgroup_has_controller(fd, w->controller) <= 0)
                                return error_set(error, EOPNOTSUPP, "NotSupported",
                                                 "%s needs the cgroup controller \"%s\", which %s does not have", w->where,
                                                 w->controller, c->cgroup);
                }
                r = cgroup_write(fd, w->file, w->value);
                if (r < 0)
                        return error_set_errno(error, r, "%s: writing \"%s\" to %s of %s", w->where, w->value, w->file,
                                               c->cgroup);
        }
        return 0;
}

static bool has_writable_cgroup_mount(const Config *c) {
        for (size_t i = 0; i < c->n_mounts; i++) {
                const ConfigMount *m = c->mounts + i;

                if (m->type && (streq(m->type, "cgroup") || streq(m->type, "cgroup2")))
                        return !((m->options.set | m->options.recursive_set) & MOUNT_ATTR_RDONLY);
        }
        return false;
}

/* runtime-spec, config-linux.md "Cgroup ownership": the directory and the
 * files that the kernel lists as safe to delegate, and only with a cgroup
 * namespace of its own and a writable mount. */
static int hand_over(const Config *config, Container *c, int fd, Error *error) {
        _cleanup_free_ char *list = NULL;
        char *save = NULL;
        uint32_t uid, gid;

        if (!config_new_namespace(config, NAMESPACE_USER) || !config_new_namespace(config, NAMESPACE_CGROUP) ||
            !has_writable_cgroup_mount(config))
                return 0;
        if (id_map_outside(config->uids, config->n_uids, 0, &uid) < 0 ||
            id_map_outside(config->gids, config->n_gids, 0, &gid) < 0)
                return 0;
        if (file_read(AT_FDCWD, "/sys/kernel/cgroup/delegate", 4096, &list, NULL) < 0) {
                list = strdup("cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n");
                if (!list)
                        return error_set_errno(error, ENOMEM, "cgroup");
        }
        if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
                return error_set_errno(error, errno, "handing over the cgroup %s", c->cgroup);
        for (char *p = strtok_r(list, "\n", &save); p; p = strtok_r(NULL, "\n", &save))
                if (!strchr(p, '/') && fchownat(fd, p, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
                        return error_set_errno(error, errno, "handing over %s of the cgroup %s", p, c->cgroup);
        c->cgroup_delegated = true;
        return 0;
}

int placement_create(const Config *config, Container *c, Error *error) {
        _cleanup_fd_ int fd = -EBADF;
        int r;

        r = placement_path(config, c->id, &c->cgroup, error);
        if (r < 0)
                return r;
        fd = cgroup_create(c->cgroup, &c->n_cgroup_created);
        if (fd < 0)
                return error_set_errno(error, fd, "creating the cgroup %s", c->cgroup);
        if ((r = set_limits(config, c, fd, error)) < 0 ||
            (r = device_filter_attach(config, fd, c->n_cgroup_created > 0, error)) < 0 ||
            (r = hand_over(config, c, fd, error)) < 0)
                return r;
        return TAKE_FD(fd);
}

int placement_remove(const Container *c, Error *error) {
        int r;

        if (!c->cgroup || c->n_cgroup_created == 0)
                return 0;

        /* Mostly empty by now: the first try succeeds. */
        r = cgroup_remove_created(c->cgroup, c->n_cgroup_created);
        if (r == -EBUSY) {
                _cleanup_fd_ int fd = cgroup_open(c->cgroup);

                if (fd >= 0) {
                        (void) cgroup_kill(fd);
                        (void) cgroup_wait_empty(fd, KILL_TIMEOUT_USEC);
                }
                r = cgroup_remove_created(c->cgroup, c->n_cgroup_created);
        }
        return r < 0 ? error_set_errno(error, r, "removing the cgroup %s", c->cgroup) : 0;
}
