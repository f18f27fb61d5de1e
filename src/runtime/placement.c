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
#include "resource-write.h"

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
        /* Mostly its last part is what is new. */
        c->n_cgroup_created = 1;
        r = container_note_cgroup(c);
        if (r < 0)
                return error_set_errno(error, r, "writing %s/cgroup", c->directory);
        c->n_cgroup_created = 0;
        fd = cgroup_create(c->cgroup, &c->n_cgroup_created);
        if (fd >= 0 && c->n_cgroup_created != 1 && (r = container_note_cgroup(c)) < 0)
                return error_set_errno(error, r, "writing %s/cgroup", c->directory);
        if (fd == -ENODEV)
                return error_set(error, ENODEV, "NotSupported",
                                 "no cgroup v2 is mounted here, and v1 is not supported: mount it (systemd.unified_cgroup_hierarchy=1), or give --cgroup-manager=disabled");
        if (fd < 0)
                return error_set_errno(error, fd, "creating the cgroup %s", c->cgroup);
        /* Who manages cgroups of its own wants them all, who limits nothing needs none. */
        if (config->n_resources > 0 || (c->n_cgroup_created > 0 && has_writable_cgroup_mount(config)))
                resource_enable_controllers(c->cgroup, fd);
        if ((r = resource_write_all(config, c->cgroup, fd, error)) < 0 ||
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
                        /* Of a create that was cut off there is but what it noted
                         * down, and its init, which ends by itself. */
                        if (c->bundle)
                                (void) cgroup_kill(fd);
                        (void) cgroup_wait_empty(fd, KILL_TIMEOUT_USEC);
                }
                r = cgroup_remove_created(c->cgroup, c->n_cgroup_created);
        }
        return r < 0 ? error_set_errno(error, r, "removing the cgroup %s", c->cgroup) : 0;
}
