/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"
#include "sysctl.h"

static int invalid(Error *error, const char *text) {
        return error_set(error, EINVAL, "InvalidConfig", "%s", text);
}

static int validate_version(const Config *c, Error *error) {
        if (!c->oci_version)
                return invalid(error, "ociVersion is missing");
        if (!startswith(c->oci_version, "1."))
                return error_set(error, EINVAL, "InvalidConfig", "ociVersion \"%s\" is not of the 1.x series",
                                 c->oci_version);
        return 0;
}

static int validate_user_namespace(const Config *c, Error *error) {
        const ConfigNamespace *user = c->namespaces + NAMESPACE_USER;

        if (!user->present)
                return c->n_uids > 0 || c->n_gids > 0
                               ? invalid(error, "linux.uidMappings and gidMappings need a user namespace")
                               : 0;
        if (user->path)
                return 0; /* mappings, if given, describe it */
        if (c->n_uids == 0 || c->n_gids == 0)
                return invalid(error, "a new user namespace needs linux.uidMappings and linux.gidMappings");
        return 0;
}

static int validate_namespaces(const Config *c, Error *error) {
        if (!c->namespaces[NAMESPACE_MOUNT].present)
                return invalid(error, "a mount namespace is needed: the root file system is changed in it");
        if ((c->hostname || c->domainname) && !c->namespaces[NAMESPACE_UTS].present)
                return invalid(error, "hostname and domainname need a uts namespace");
        if (c->n_net_devices > 0 && !c->namespaces[NAMESPACE_NETWORK].present)
                return invalid(error, "linux.netDevices need a network namespace");
        if (c->n_time_offsets > 0 && !config_new_namespace(c, NAMESPACE_TIME))
                return invalid(error, "linux.timeOffsets need a new time namespace");
        return 0;
}

static int validate_mounts(const Config *c, Error *error) {
        for (size_t i = 0; i < c->n_mounts; i++) {
                const ConfigMount *m = c->mounts + i;

                if (m->options.inside && (!m->options.bind || m->options.idmap != MOUNT_IDMAP_NONE))
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "mounts: x-ctrrun.inside of %s needs a bind mount, and one without idmap", m->destination);
                if (m->options.idmap == MOUNT_IDMAP_NONE)
                        continue;
                if (!m->options.bind)
                        return error_set(error, EINVAL, "InvalidConfig", "mounts: idmap of %s needs a bind mount",
                                         m->destination);
                if (m->n_uids == 0 && c->n_uids == 0)
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "mounts: idmap of %s needs mappings, its own or the container's",
                                         m->destination);
        }
        return 0;
}

int config_validate(const Config *c, Error *error) {
        int r;

        if ((r = validate_version(c, error)) < 0)
                return r;
        if (isempty(c->root_path))
                return invalid(error, "root.path is missing");
        if (c->has_process && !c->process.cwd)
                return invalid(error, "process.cwd is missing");
        if ((r = validate_namespaces(c, error)) < 0 ||
            (r = validate_user_namespace(c, error)) < 0 ||
            (r = validate_mounts(c, error)) < 0)
                return r;
        for (size_t i = 0; i < c->n_sysctls; i++) {
                r = sysctl_check(c, c->sysctls + i, error);
                if (r < 0)
                        return r;
        }
        return 0;
}
