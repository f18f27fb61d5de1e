/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"
#include "rdt.h"

#define MOUNT_POINT "/sys/fs/resctrl"

#ifndef RDTGROUP_SUPER_MAGIC
#define RDTGROUP_SUPER_MAGIC 0x7655821
#endif

int rdt_open(Error *error) {
        _cleanup_fd_ int fd = open(MOUNT_POINT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct statfs sfs;

        if (fd < 0 || fstatfs(fd, &sfs) < 0 || sfs.f_type != RDTGROUP_SUPER_MAGIC)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "linux.intelRdt needs the resctrl file system mounted on " MOUNT_POINT);
        return TAKE_FD(fd);
}

/* The lines of l3CacheSchema without those on bandwidth, which memBwSchema replaces. */
static void add_cache_lines(char *to, const char *from, bool with_bandwidth) {
        for (const char *p = from; *p;) {
                size_t n = strcspn(p, "\n");

                if (n > 0 && (with_bandwidth || strncmp(p, "MB:", 3) != 0))
                        to = stpcpy(mempcpy(to, p, n), "\n");
                p += n + (p[n] == '\n');
        }
}

static char *old_schemata(const ConfigRdt *rdt) {
        char *text = calloc(1, strlen(strempty(rdt->l3)) + strlen(strempty(rdt->bandwidth)) + 3);

        if (!text)
                return NULL;
        if (rdt->l3)
                add_cache_lines(text, rdt->l3, !rdt->bandwidth);
        if (rdt->bandwidth)
                strcat(strcat(text, rdt->bandwidth), "\n");
        return text;
}

static bool has_line(const char *text, const char *line, size_t n) {
        for (const char *p = text; *p;) {
                p += strspn(p, " \n");
                size_t k = strcspn(p, "\n");

                if (k == n && strncmp(p, line, n) == 0)
                        return true;
                p += k;
        }
        return false;
}

static bool has_lines(const char *text, const char *lines) {
        for (const char *p = strempty(lines); *p;) {
                size_t n = strcspn(p, "\n");

                if (n > 0 && !has_line(text, p, n))
                        return false;
                p += n + (p[n] == '\n');
        }
        return true;
}

/* A group that was there belongs to others too: it is joined as it is, or not. */
static int check_existing(int group, const ConfigRdt *rdt, const char *old, const char *name, Error *error) {
        _cleanup_free_ char *text = NULL;
        int r;

        if (isempty(old) && !rdt->schemata)
                return 0;
        r = file_read(group, "schemata", 64 * 1024, &text, NULL);
        if (r < 0)
                return error_set_errno(error, r, "linux.intelRdt: reading the schemata of %s", name);
        if (!has_lines(text, old) || !has_lines(text, rdt->schemata))
                return error_set(error, EINVAL, "InvalidConfig",
                                 "linux.intelRdt: the group %s is there already, with another schemata", name);
        return 0;
}

static int write_schemata(int group, const ConfigRdt *rdt, const char *old, const char *name, Error *error) {
        int r = isempty(old) ? 0 : file_write(group, "schemata", old);

        if (r >= 0 && rdt->schemata)
                r = file_write(group, "schemata", rdt->schemata);
        return r < 0 ? error_set_errno(error, r, "linux.intelRdt: writing the schemata of %s (info/last_cmd_status there may "
                                       "say why)", name) : 0;
}

static int open_group(int root, const char *path, Error *error) {
        int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? error_set_errno(error, errno, "linux.intelRdt: opening %s", path) : fd;
}

static int make_group(int root, const ConfigRdt *rdt, const char *name, bool *ret_made, Error *error) {
        /* A group of this id without a schema would be one with all there is. */
        bool may_make = !rdt->group || rdt->l3 || rdt->bandwidth || rdt->schemata;

        *ret_made = may_make && mkdirat(root, name, 0755) >= 0;
        if (!*ret_made && may_make && errno != EEXIST)
                return error_set_errno(error, errno, "linux.intelRdt: creating the group %s", name);
        if (!*ret_made && !rdt->group)
                return error_set(error, EEXIST, NULL, "linux.intelRdt: there is a group %s already", name);
        return open_group(root, name, error);
}

/* The group that counts what this container alone uses. */
static int join_monitor(int root, const char *name, const char *id, const char *pid, char **ret_path, Error *error) {
        _cleanup_free_ char *path = NULL;
        _cleanup_fd_ int fd = -EBADF;
        int r;

        if (asprintf(&path, "%s/mon_groups/%s", name, id) < 0) {
                path = NULL;
                return error_set_errno(error, ENOMEM, "linux.intelRdt");
        }
        if (mkdirat(root, path, 0755) < 0)
                return error_set_errno(error, errno, "linux.intelRdt: creating the monitoring group %s", path);
        fd = open_group(root, path, error);
        r = fd < 0 ? fd : file_write(fd, "tasks", pid);
        if (r < 0) {
                (void) unlinkat(root, path, AT_REMOVEDIR);
                return error_set_errno(error, r, "linux.intelRdt: joining %s", path);
        }
        *ret_path = TAKE_PTR(path);
        return 0;
}

int rdt_join(int root, const ConfigRdt *rdt, const char *id, pid_t pid, char **ret_made, Error *error) {
        _cleanup_free_ char *old = old_schemata(rdt), *own = NULL;
        const char *name = rdt->group ?: id;
        _cleanup_fd_ int group = -EBADF;
        bool made = false;
        char text[16];
        int r;

        if (!old)
                return error_set_errno(error, ENOMEM, "linux.intelRdt");
        if (!rdt->group && !(own = strdup(id)))
                return error_set_errno(error, ENOMEM, "linux.intelRdt");
        snprintf(text, sizeof(text), "%d", (int) pid);

        r = group = make_group(root, rdt, name, &made, error);
        if (r >= 0)
                r = made ? write_schemata(group, rdt, old, name, error) : check_existing(group, rdt, old, name, error);
        if (r >= 0 && (r = file_write(group, "tasks", text)) < 0)
                error_set_errno(error, r, "linux.intelRdt: joining the group %s", name);
        /* Below a group of the container's own it goes with that. */
        if (r >= 0 && rdt->monitor) {
                _cleanup_free_ char *path = NULL;

                r = join_monitor(root, name, id, text, &path, error);
                if (r >= 0 && !own)
                        own = TAKE_PTR(path);
        }
        if (r < 0) {
                if (made)
                        (void) unlinkat(root, name, AT_REMOVEDIR);
                return r;
        }
        *ret_made = TAKE_PTR(own);
        return 0;
}

int rdt_remove(const char *made, Error *error) {
        _cleanup_error_ Error ignored = ERROR_INIT;
        _cleanup_fd_ int root = rdt_open(&ignored);

        /* Not mounted any more: then its groups are gone too. */
        if (root < 0 || unlinkat(root, made, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                return 0;
        return error_set_errno(error, errno, "removing the group %s of resctrl", made);
}
