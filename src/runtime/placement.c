/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup-events.h"
#include "cgroup-processes.h"
#include "device-filter.h"
#include "fd.h"
#include "file.h"
#include "log.h"
#include "mount.h"
#include "placement.h"
#include "resource-write.h"

#define KILL_TIMEOUT_USEC (10 * USEC_PER_SEC)

int placement_path(const Config *c, const char *id, char **ret, Error *error) {
        const char *path = c->cgroups_path;
        char *result;

        if (path && path[0] != '/' && strchr(path, ':'))
                return error_set(error, EINVAL, "InvalidConfig",
                                 "linux.cgroupsPath \"%s\" is systemd's form: give a path, or --systemd-cgroup", path);
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
 * namespace of its own and a writable mount. They go to who the container's
 * program runs as. */
static int hand_over(const Config *config, Container *c, int fd, Error *error) {
        _cleanup_free_ char *list = NULL;
        char *save = NULL;
        uint32_t uid, gid;

        if (!config_new_namespace(config, NAMESPACE_USER) || !config_new_namespace(config, NAMESPACE_CGROUP) ||
            !has_writable_cgroup_mount(config))
                return 0;
        if (id_map_outside(config->uids, config->n_uids, config->process.uid, &uid) < 0 ||
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

static int no_cgroup2(Error *error) {
        return error_set(error, ENODEV, "NotSupported",
                         "no cgroup v2 is mounted here, and v1 is not supported: mount it (systemd.unified_cgroup_hierarchy=1), or give --cgroup-manager=disabled");
}

static const char *const manager_names[CGROUP_MANAGER_MAX] = {
        [CGROUP_MANAGER_CGROUPFS] = "cgroupfs",
        [CGROUP_MANAGER_SYSTEMD] = "systemd",
        [CGROUP_MANAGER_DISABLED] = "disabled",
};

const char *cgroup_manager_to_string(CgroupManager manager) {
        return manager >= 0 && manager < CGROUP_MANAGER_MAX ? manager_names[manager] : NULL;
}

CgroupManager cgroup_manager_from_string(const char *s) {
        for (int i = 0; i < CGROUP_MANAGER_MAX; i++)
                if (streq(s, manager_names[i]))
                        return (CgroupManager) i;
        return CGROUP_MANAGER_INVALID;
}

/* What a new cgroup is told, from c->cgroup on. */
static int set_up(const Config *config, Container *c, int fd, bool is_new, Error *error) {
        int r;

        /* Who manages cgroups of its own wants them all, who limits nothing needs none. */
        if (config->n_resources > 0 || (is_new && has_writable_cgroup_mount(config)))
                resource_enable_controllers(c->cgroup, fd);
        if ((r = resource_write_all(config, c->cgroup, fd, error)) < 0 ||
            (r = device_filter_attach(config, fd, is_new, error)) < 0)
                return r;
        return hand_over(config, c, fd, error);
}

/* In a frozen one init would never come to itself, and we with it. One that has
 * processes may be meant so. */
static int check_existing(const Container *c, int fd, Error *error) {
        if (cgroup_is_frozen(fd) > 0)
                return error_set(error, EBUSY, "Busy",
                                 "the container's cgroup unexpectedly frozen: %s was there before, thaw or remove it", c->cgroup);
        if (cgroup_is_populated(fd) > 0)
                log_warning("the container's cgroup is not empty: %s has processes of somebody else's", c->cgroup);
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
                return no_cgroup2(error);
        if (fd < 0)
                return error_set_errno(error, fd, "creating the cgroup %s", c->cgroup);
        if (c->n_cgroup_created == 0 && (r = check_existing(c, fd, error)) < 0)
                return r;
        r = set_up(config, c, fd, c->n_cgroup_created > 0, error);
        return r < 0 ? r : TAKE_FD(fd);
}

/* systemd has made it, with those limits that it knows. */
static int create_unit(Placement *p, const Config *config, Container *c, Error *error) {
        _cleanup_fd_ int fd = -EBADF;
        int r;

        r = scope_start(&p->scope, c, error);
        if (r < 0)
                return r;
        fd = cgroup_open(c->cgroup);
        if (fd < 0)
                return error_set_errno(error, fd, "opening the cgroup %s", c->cgroup);
        r = set_up(config, c, fd, true, error);
        return r < 0 ? r : TAKE_FD(fd);
}

int placement_open(Placement *p, CgroupManager manager, Config *config, Container *c, Error *error) {
        int r;

        *p = (Placement){ .manager = manager, .fd = -EBADF };
        switch (manager) {
        case CGROUP_MANAGER_CGROUPFS:
                r = p->fd = placement_create(config, c, error);
                break;
        case CGROUP_MANAGER_SYSTEMD:
                if (!cgroup_mount_point())
                        return no_cgroup2(error);
                r = scope_open(&p->scope, config, c, error);
                if (r < 0)
                        break;
                p->adopts = !scope_is_slice(&p->scope);
                if (!p->adopts)
                        r = p->fd = create_unit(p, config, c, error);
                break;
        default:
                r = 0;
        }
        return r < 0 ? r : 0;
}

void placement_close(Placement *p) {
        p->fd = fd_close(p->fd);
        scope_close(&p->scope);
}

int placement_adopt(Placement *p, const Config *config, Container *c, Error *error) {
        int r = p->fd = create_unit(p, config, c, error);

        return r < 0 ? r : 0;
}

/* kill: else they are waited for alone. */
static void kill_all(const Container *c, bool kill) {
        _cleanup_fd_ int fd = c->cgroup ? cgroup_open(c->cgroup) : -EBADF;

        if (fd < 0 || cgroup_is_populated(fd) <= 0)
                return;
        if (kill)
                (void) cgroup_kill(fd);
        (void) cgroup_wait_empty(fd, KILL_TIMEOUT_USEC);
}

/* Of a create that was cut off: its init has ended or does so. */
static int remove_noted_unit(const Container *c, Error *error) {
        _cleanup_fd_ int fd = cgroup_open(c->cgroup);

        /* One with processes is somebody else's, which was there before. */
        if (fd >= 0 && cgroup_wait_empty(fd, KILL_TIMEOUT_USEC) < 0)
                return 0;
        return scope_stop(c, error);
}

static int remove_unit(const Container *c, Error *error) {
        int r, k;

        if (!c->bundle)
                return remove_noted_unit(c, error);
        kill_all(c, true); /* or systemd would ask nicely first, and wait */
        r = scope_stop(c, error);
        /* systemd removes it with the unit. Where it could not, as after a change of
         * its owner, we may. */
        k = c->cgroup ? cgroup_remove(c->cgroup) : 0;
        return r < 0 ? r : k < 0 ? error_set_errno(error, k, "removing the cgroup %s", c->cgroup) : 0;
}

int placement_remove(const Container *c, Error *error) {
        int r;

        if (c->scope)
                return remove_unit(c, error);
        if (!c->cgroup || c->n_cgroup_created == 0)
                return 0;

        /* Mostly empty by now: the first try succeeds. */
        r = cgroup_remove_created(c->cgroup, c->n_cgroup_created);
        if (r == -EBUSY) {
                /* Of a create that was cut off there is but what it noted down, and its
                 * init, which ends by itself. */
                kill_all(c, c->bundle != NULL);
                r = cgroup_remove_created(c->cgroup, c->n_cgroup_created);
        }
        return r < 0 ? error_set_errno(error, r, "removing the cgroup %s", c->cgroup) : 0;
}
