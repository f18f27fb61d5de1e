/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "attachment.h"
#include "clock.h"
#include "credential.h"
#include "device-grant.h"
#include "fd.h"
#include "file.h"
#include "json-text.h"
#include "launch.h"
#include "live.h"
#include "paths.h"
#include "rootpath.h"
#include "strv.h"

void launch_dir(const char *name, char *ret, size_t size) {
        snprintf(ret, size, PATH_RUN "/%s", name);
}

uint64_t launch_begun_usec(const char *name) {
        char dir[PATH_MAX], path[PATH_MAX + 8];
        struct stat plan;

        launch_dir(name, dir, sizeof(dir));
        snprintf(path, sizeof(path), "%s/plan", dir);
        return stat(path, &plan) >= 0 ? timespec_usec(&plan.st_mtim) : errno == ENOENT ? 0 : UINT64_MAX;
}

int launch_remove(const char *name) {
        char dir[PATH_MAX];

        launch_dir(name, dir, sizeof(dir));
        return file_remove_tree(AT_FDCWD, dir);
}

/* What lies in /run/host belongs to the container's root, so that it can read
 * it; the mount is read-only. The file is ours and new: nothing of a root file
 * system is chowned. */
static int host_write(int dir, const Launch *launch, const char *name, const char *text, size_t n, mode_t mode) {
        _cleanup_fd_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        int r;

        if (fd < 0)
                return -errno;
        r = fd_write_all(fd, text, n);
        if (r < 0)
                return r;
        if (fchown(fd, launch->identity->uid_base, launch->identity->uid_base) < 0 || fchmod(fd, mode) < 0)
                return -errno;
        return 0;
}

static int host_write_text(int dir, const Launch *launch, const char *name, const char *text) {
        return host_write(dir, launch, name, text, strlen(text), 0444);
}

static int host_mkdir(int dir, const Launch *launch, const char *name, mode_t mode) {
        if (mkdirat(dir, name, mode) < 0)
                return -errno;
        if (fchownat(dir, name, launch->identity->uid_base, launch->identity->uid_base, AT_SYMLINK_NOFOLLOW) < 0 ||
            fchmodat(dir, name, mode, 0) < 0)
                return -errno;
        return openat(dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Nodes of every kind that nobody can open: what systemd mounts over a path
 * that is to be inaccessible. */
static int host_inaccessible(int host, const Launch *launch) {
        static const struct {
                const char *name;
                mode_t type;
        } nodes[] = {
                { "reg", S_IFREG }, { "fifo", S_IFIFO }, { "sock", S_IFSOCK }, { "chr", S_IFCHR }, { "blk", S_IFBLK },
        };
        _cleanup_fd_ int dir = host_mkdir(host, launch, "inaccessible", 0755);

        if (dir < 0)
                return dir;
        for (size_t i = 0; i < ELEMENTSOF(nodes); i++)
                /* Devices 0:0 do not exist: nothing answers when one is opened.
                 * Where even that is refused, systemd makes its own. */
                if (mknodat(dir, nodes[i].name, nodes[i].type | 0000, makedev(0, 0)) < 0 &&
                    !((nodes[i].type == S_IFCHR || nodes[i].type == S_IFBLK) && errno == EPERM))
                        return -errno;
        _cleanup_fd_ int sub = host_mkdir(dir, launch, "dir", 0000);
        return sub < 0 ? sub : 0;
}

/* Always there, since more may be given while the container runs. */
static int host_credentials(int host, Launch *launch, Error *error) {
        _cleanup_fd_ int dir = host_mkdir(host, launch, "credentials", 0700);

        if (dir < 0)
                return dir;
        STRV_FOREACH(c, launch->settings->credentials) {
                Attachment a;
                int r = attachment_parse(ATTACHMENT_CREDENTIAL, *c, &a);

                if (r < 0)
                        return r;
                /* Labelled with all else, later. */
                r = credential_write(dir, a.target, a.source, launch->identity->uid_base, NULL, error);
                attachment_clear(&a);
                if (r < 0)
                        return r;
        }
        launch->credentials = true;
        return 0;
}

/* Where instances of /proc and /sys that nothing masks are mounted, and covered. */
static int host_nesting(int host, const Launch *launch) {
        _cleanup_fd_ int dir = host_mkdir(host, launch, "nesting", 0700), proc = -EBADF, sys = -EBADF;

        if (dir < 0)
                return dir;
        proc = host_mkdir(dir, launch, "proc", 0555);
        sys = proc < 0 ? proc : host_mkdir(dir, launch, "sys", 0555);
        return sys < 0 ? sys : 0;
}

/* /run/host: who runs this container, and what it was given. */
static int make_host(int dir, Launch *launch, Error *error) {
        _cleanup_fd_ int host = host_mkdir(dir, launch, "host", 0755), incoming = -EBADF, export = -EBADF;
        const char *id = launch->identity->machine_id;
        char uuid[64];
        int r;

        if (host < 0)
                return host;
        snprintf(uuid, sizeof(uuid), "%.8s-%.4s-%.4s-%.4s-%.12s", id, id + 8, id + 12, id + 16, id + 20);
        r = host_write_text(host, launch, "container-manager", "ctrd");
        if (r >= 0)
                r = host_write_text(host, launch, "container-uuid", uuid);
        if (r >= 0 && launch->host_os)
                r = host_write_text(host, launch, "os-release", launch->host_os);
        if (r >= 0)
                r = host_inaccessible(host, launch);
        if (r >= 0)
                r = incoming = host_mkdir(host, launch, "incoming", 0700);
        if (r >= 0)
                r = export = host_mkdir(host, launch, "unix-export", 0755);
        if (r >= 0 && launch->settings->nesting)
                r = host_nesting(host, launch);
        if (r >= 0)
                r = host_credentials(host, launch, error);
        return r < 0 ? r : 0;
}

static int make_resolv_conf(int dir, Launch *launch) {
        const Settings *s = launch->settings;
        _cleanup_free_ char *text = NULL;
        int r;

        if (s->resolv_conf == TRISTATE_NO)
                return 0;
        if (s->dns) {
                _cleanup_strv_ char **lines = NULL;

                STRV_FOREACH(d, s->dns) {
                        r = strv_extendf(&lines, "nameserver %s\n", *d);
                        if (r < 0)
                                return r;
                }
                text = strv_join(lines, "");
        } else if (s->network_mode == NETWORK_HOST || s->resolv_conf == TRISTATE_YES) {
                r = file_read_regular(AT_FDCWD, "/etc/resolv.conf", 64 * 1024, &text, NULL);
                if (r < 0)
                        return r == -ENOENT ? 0 : r;
        } else
                return 0;
        if (!text)
                return -ENOMEM;
        launch->resolv_conf = true;
        return host_write_text(dir, launch, "resolv.conf", text);
}

/* Whether the container has something of its own there. */
static bool has_entries(const char *container, const char *path) {
        _cleanup_fd_ int upper = -EBADF, fd = -EBADF;
        char own[PATH_MAX];
        struct dirent *de;
        bool found = false;
        DIR *dir;

        snprintf(own, sizeof(own), PATH_CONTAINERS "/%s/fs/upper", container);
        upper = open(own, O_PATH | O_DIRECTORY | O_CLOEXEC);
        fd = upper < 0 ? -errno : rootpath_open(upper, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOCTTY, 0);
        dir = fd < 0 ? NULL : fdopendir(fd);
        if (dir)
                (void) TAKE_FD(fd);
        while (dir && !found && (de = readdir(dir)))
                found = !streq(de->d_name, ".") && !streq(de->d_name, "..");
        if (dir)
                closedir(dir);
        return found;
}

/* Where container engines keep images and containers. What lies there already, from
 * a time without Nesting=, is not covered. Stays as long as the container does. */
static int make_storage(Launch *launch, Error *error) {
        static const char *const engines[] = { "containerd", "containers", "ctrd", "docker", "machines" };
        char path[PATH_MAX];
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(engines) && r >= 0; i++) {
                snprintf(path, sizeof(path), PATH_CONTAINERS "/%s/storage/%s", launch->name, engines[i]);
                if (access(path, F_OK) < 0) {
                        char own[64];

                        snprintf(own, sizeof(own), "/var/lib/%s", engines[i]);
                        if (has_entries(launch->name, own))
                                continue;
                        r = file_mkdir_parents(path, 0700);
                }
                /* What is made in it gets the label from it. */
                if (r >= 0 && launch->selinux.mount)
                        r = selinux_label_file(AT_FDCWD, path, launch->selinux.mount, error);
                if (r >= 0)
                        r = strv_extend(&launch->storage, engines[i]);
        }
        return r;
}

/* What is ours and lies below the container's root. */
static int label_what_is_read(int dir, const Launch *launch, Error *error) {
        _cleanup_fd_ int host = -EBADF;
        int r;

        if (!launch->selinux.mount)
                return 0;
        host = openat(dir, "host", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (host < 0)
                return -errno;
        r = selinux_label_tree(host, launch->selinux.mount, error);
        return r < 0 || !launch->resolv_conf ? r : selinux_label_file(dir, "resolv.conf", launch->selinux.mount, error);
}

static int write_plan_and_bundle(const Launch *launch, Error *error) {
        _cleanup_free_ char *plan = NULL;
        char path[PATH_MAX];
        json_t *config;
        char *text;
        int r;

        r = bundle_compile(launch, &config, error);
        if (r < 0)
                return r;
        text = json_text(config, JSON_COMPACT);
        json_decref(config);
        if (!text)
                return -ENOMEM;
        snprintf(path, sizeof(path), "%s/bundle/config.json", launch->dir);
        r = file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600);
        free(text);
        if (r >= 0)
                r = plan_compile(launch, &plan, error);
        if (r >= 0) {
                snprintf(path, sizeof(path), "%s/plan", launch->dir);
                r = file_write_atomic(AT_FDCWD, path, plan, strlen(plan), 0600);
        }
        return r;
}

static int prepare(Launch *launch, Error *error) {
        _cleanup_fd_ int dir = -EBADF;
        int r;

        if (mkdir(launch->dir, 0700) < 0)
                return -errno;
        dir = open(launch->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (dir < 0)
                return -errno;
        if (mkdirat(dir, "bundle", 0700) < 0 || mkdirat(dir, "rootfs", 0755) < 0 || mkdirat(dir, "layers", 0700) < 0)
                return -errno;
        r = device_grants_resolve(launch->settings->device, &launch->devices, &launch->n_devices, error);
        if (r >= 0)
                r = make_host(dir, launch, error);
        if (r >= 0)
                r = make_resolv_conf(dir, launch);
        if (r >= 0)
                r = label_what_is_read(dir, launch, error);
        /* For a ctrd that comes later: what runs keeps the labels that it began with. */
        if (r >= 0 && launch->apparmor)
                r = file_write_atomic(dir, LAUNCH_APPARMOR, launch->apparmor, strlen(launch->apparmor), 0600);
        if (r >= 0 && launch->selinux.process)
                r = file_write_atomic(dir, LAUNCH_SELINUX, launch->selinux.process, strlen(launch->selinux.process), 0600);
        if (r >= 0 && launch->selinux.mount)
                r = file_write_atomic(dir, LAUNCH_SELINUX_MOUNT, launch->selinux.mount, strlen(launch->selinux.mount), 0600);
        /* On a read-only root there is no place for what is not there. */
        if (r >= 0 && launch->settings->nesting && !launch->settings->read_only)
                r = make_storage(launch, error);
        if (r >= 0)
                r = live_write(dir, launch->settings);
        if (r >= 0)
                r = write_plan_and_bundle(launch, error);
        return r;
}

char *launch_label(const char *name, const char *kind) {
        char path[PATH_MAX];
        char *label;

        snprintf(path, sizeof(path), PATH_RUN "/%s/%s", name, kind);
        return file_read_line(AT_FDCWD, path, &label) >= 0 ? label : NULL;
}

int launch_prepare(Launch *launch, Error *error) {
        _cleanup_free_ char *host_os = NULL;
        struct rlimit files;
        int r;

        if (getrlimit(RLIMIT_NOFILE, &files) >= 0)
                launch->files_max = files.rlim_max;
        r = file_mkdir_parents(PATH_RUN, 0711);
        if (r >= 0)
                r = launch_remove(launch->name);
        if (r < 0)
                return error_set_errno(error, r, "cannot clear %s", launch->dir);

        if (file_read(AT_FDCWD, "/etc/os-release", 64 * 1024, &host_os, NULL) >= 0)
                launch->host_os = host_os;
        r = prepare(launch, error);
        launch->host_os = NULL;
        device_grants_free(launch->devices, launch->n_devices);
        launch->devices = NULL;
        launch->n_devices = 0;
        launch->storage = strv_free(launch->storage);
        if (r < 0) {
                (void) launch_remove(launch->name);
                if (!error_is_set(error))
                        return error_set_errno(error, r, "cannot prepare %s", launch->dir);
        }
        return r < 0 ? r : 0;
}
