/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/xattr.h>
#include <selinux/selinux.h>
#include <stdio.h>
#include <sys/xattr.h>

#include "fd.h"
#include "file.h"
#include "manager.h"
#include "selinux.h"
#include "strv.h"

/* Of profiles/selinux/ctrd.cil. */
#define OWN_PROCESS "system_u:system_r:ctrd_container_t:s0"
#define OWN_FILE "system_u:object_r:ctrd_container_file_t:s0"
#define CONTEXTS_MAX (64 * 1024)

bool selinux_is_available(void) {
        return is_selinux_enabled() > 0;
}

int selinux_assign(Manager *manager, const char *name, Identity *identity, Error *error) {
        _cleanup_free_ McsPair *taken = NULL;
        Container *c;
        size_t n = 0;
        int r;

        if (mcs_pair_is_valid(identity->mcs) || !selinux_is_available())
                return 0;
        taken = calloc(map_size(&manager->containers) + 1, sizeof(McsPair));
        if (!taken)
                return -ENOMEM;
        MAP_FOREACH(c, &manager->containers)
                if (mcs_pair_is_valid(c->identity.mcs))
                        taken[n++] = c->identity.mcs;
        r = mcs_pair_pick(taken, n, name, &identity->mcs);
        return r < 0 ? error_set_errno(error, r, "no pair of categories is left for %s", name) : 1;
}

void selinux_contexts_clear(SelinuxContexts *contexts) {
        free(contexts->process);
        free(contexts->mount);
        *contexts = (SelinuxContexts){};
}

/* KEY = "VALUE" */
static char *lxc_context(const char *text, const char *key) {
        for (const char *line = text; line && *line; line = strchr(line, '\n')) {
                line += *line == '\n';
                const char *value = startswith(line, key);

                if (!value)
                        continue;
                value += strspn(value, " \t");
                if (*value++ != '=')
                        continue;
                value += strspn(value, " \t\"");
                return strndup(value, strcspn(value, "\"\n"));
        }
        return NULL;
}

static bool is_known(const char *context) {
        return context && security_check_context(context) >= 0;
}

/* A context as policies and administrators write it, with the container's categories
 * where it has none: USER:ROLE:TYPE or USER:ROLE:TYPE:s0. */
static char *with_categories(const char *context, McsPair mcs) {
        const char *p = context;
        char level[MCS_LEVEL_MAX], *text;

        for (int i = 0; i < 3 && p; i++) {
                p = strchr(p, ':');
                p = p ? p + 1 : NULL;
        }
        if (p && !streq(p, "s0"))
                return strdup(context);
        /* One that has not been given a pair yet is being looked at, and not started. */
        if (mcs_pair_is_valid(mcs))
                mcs_pair_format(mcs, level);
        else
                strcpy(level, "s0");
        return asprintf(&text, "%.*s:%s", (int) (p ? p - 1 - context : (ssize_t) strlen(context)), context, level) < 0 ? NULL : text;
}

static int find_types(char **ret_process, char **ret_file, Error *error) {
        _cleanup_free_ char *text = NULL, *init = NULL, *process = NULL, *file = NULL;
        const char *path = selinux_lxc_contexts_path();

        if (path && file_read(AT_FDCWD, path, CONTEXTS_MAX, &text, NULL) >= 0) {
                init = lxc_context(text, "init_process");
                process = lxc_context(text, "process");
                file = lxc_context(text, "file");
        }
        if (is_known(init) && is_known(file)) {
                *ret_process = TAKE_PTR(init);
                *ret_file = TAKE_PTR(file);
        } else if (is_known(OWN_PROCESS) && is_known(OWN_FILE)) {
                *ret_process = strdup(OWN_PROCESS);
                *ret_file = strdup(OWN_FILE);
        } else if (is_known(process) && is_known(file)) {
                *ret_process = TAKE_PTR(process);
                *ret_file = TAKE_PTR(file);
        } else
                return error_set(error, ENOENT, "StartFailed",
                                 "the policy of SELinux has no type for containers: load that of ctrd with \"semodule -i " CTRD_PKGDATA_DIR
                                 "/selinux/ctrd.cil\", or set SELinuxContext= and SELinuxMountContext=");
        return *ret_process && *ret_file ? 0 : -ENOMEM;
}

static int take(const char *key, const char *wanted, const char *found, McsPair mcs, char **ret, Error *error) {
        char *context = with_categories(wanted ?: found, mcs);

        if (!context)
                return -ENOMEM;
        if (!is_known(context)) {
                error_set(error, EINVAL, "InvalidSettings",
                          "%s=%s cannot be: the policy of SELinux does not know it, write USER:ROLE:TYPE[:LEVEL] of its types", key, context);
                free(context);
                return -EINVAL;
        }
        *ret = context;
        return 0;
}

int selinux_contexts(const Settings *settings, const Identity *identity, SelinuxContexts *ret, Error *error) {
        _cleanup_free_ char *process = NULL, *file = NULL;
        _cleanup_(selinux_contexts_clear) SelinuxContexts contexts = {};
        int r = 0;

        if (!selinux_is_available()) {
                if (settings->selinux_context || settings->selinux_mount_context)
                        return error_set(error, EOPNOTSUPP, "NotSupported",
                                         "%s= cannot be: SELinux is not active on this host, remove it",
                                         settings->selinux_context ? "SELinuxContext" : "SELinuxMountContext");
                *ret = (SelinuxContexts){};
                return 0;
        }
        if (!settings->selinux_context || !settings->selinux_mount_context)
                r = find_types(&process, &file, error);
        if (r >= 0)
                r = take("SELinuxContext", settings->selinux_context, process, identity->mcs, &contexts.process, error);
        if (r >= 0)
                r = take("SELinuxMountContext", settings->selinux_mount_context, file, identity->mcs, &contexts.mount, error);
        if (r < 0)
                return r;
        *ret = contexts;
        contexts = (SelinuxContexts){};
        return 0;
}

/* A symlink is labelled itself. */
static int set_label(int dir, const char *name, const char *context) {
        char path[PATH_MAX], base[FD_PATH_MAX];

        if (dir == AT_FDCWD)
                snprintf(path, sizeof(path), "%s", name);
        else
                snprintf(path, sizeof(path), "%s/%s", fd_path(dir, base), name);
        return lsetxattr(path, XATTR_NAME_SELINUX, context, strlen(context) + 1, 0) < 0 ? -errno : 0;
}

static int label_entries(int fd, const char *context) {
        DIR *dir = fdopendir(fd);
        int r = 0;

        if (!dir) {
                r = -errno;
                fd_close(fd);
                return r;
        }
        for (struct dirent *de; r >= 0 && (de = readdir(dir));) {
                if (streq(de->d_name, ".") || streq(de->d_name, ".."))
                        continue;
                r = set_label(dirfd(dir), de->d_name, context);
                if (r >= 0 && de->d_type == DT_DIR) {
                        int below = openat(dirfd(dir), de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                        r = below < 0 ? -errno : label_entries(below, context);
                }
        }
        closedir(dir);
        return r;
}

static int cannot_label(int r, const char *context, Error *error) {
        return r < 0 ? error_set_errno(error, r, "cannot label what the container reads of ctrd's with %s", context) : 0;
}

int selinux_label_file(int dir, const char *name, const char *context, Error *error) {
        return cannot_label(set_label(dir, name, context), context, error);
}

int selinux_label_tree(int dir, const char *context, Error *error) {
        int r = set_label(dir, ".", context), fd;

        if (r >= 0) {
                fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                r = fd < 0 ? -errno : label_entries(fd, context);
        }
        return cannot_label(r, context, error);
}
