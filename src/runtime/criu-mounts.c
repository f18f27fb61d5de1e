/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu-mounts.h"
#include "fd.h"
#include "mount.h"
#include "process.h"
#include "procfs.h"
#include "rootfs.h"
#include "rootpath.h"

#define MOUNTINFO_MAX (16 * 1024 * 1024)

/* Where the stage is, in criu's own mount namespace. criu makes its working
 * directories there as well, so it is there wherever criu works; and what it
 * leaves there when it is killed goes with the stage. */
#define STAGE "/tmp"

/* What a masked file is known as in the images: runc's name for it. */
#define MASK_KEY "/dev/null"

/* --- mountinfo --- */

/* mountinfo has blanks, tabs, newlines and backslashes in octal. In place. */
static void unescape(char *s) {
        char *o = s;

        for (const char *p = s; *p; o++)
                if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' && p[3] >= '0' && p[3] <= '7') {
                        *o = (char) ((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
                        p += 4;
                } else
                        *o = *p++;
        *o = 0;
}

int criu_mounts_below(const char *mountinfo, const char *directory, int (*func)(const char *suffix, void *arg), void *arg) {
        _cleanup_free_ char *copy = strdup(mountinfo);
        size_t n = streq(directory, "/") ? 0 : strlen(directory);
        char *save = NULL;

        if (!copy)
                return -ENOMEM;
        for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                char *field_save = NULL, *place = NULL;
                int r;

                /* id, parent, device, root, place */
                for (int i = 0; i < 5; i++) {
                        place = strtok_r(i == 0 ? line : NULL, " ", &field_save);
                        if (!place)
                                return -EBADMSG;
                }
                unescape(place);
                if (strncmp(place, directory, n) != 0 || place[n] != '/' || place[n + 1] == 0)
                        continue;
                r = func(place + n, arg);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_mountinfo(int procfs, pid_t pid, char **ret) {
        _cleanup_fd_ int fd = -EBADF;
        char path[32];

        if (pid > 0)
                snprintf(path, sizeof(path), "%d/mountinfo", (int) pid);
        else
                strcpy(path, "self/mountinfo");
        fd = procfs_openat(procfs, path, O_RDONLY, false);
        return fd < 0 ? fd : fd_read_all(fd, MOUNTINFO_MAX, ret, NULL);
}

/* --- which mounts --- */

/* Mounts of the config that are, or may be, a view of the host's: binds of what is not
 * the container's own, and what a container may not mount itself (see launch.c). */
static bool is_external(const Config *c, const ConfigMount *m) {
        if (m->options.remount)
                return false;
        if (m->options.bind)
                return !m->options.inside;
        if (!m->type)
                return false;
        if (streq(m->type, "sysfs"))
                return c->namespaces[NAMESPACE_USER].present && !config_new_namespace(c, NAMESPACE_NETWORK);
        return (streq(m->type, "cgroup") || streq(m->type, "cgroup2")) && !config_new_namespace(c, NAMESPACE_CGROUP);
}

static bool device_is_bound(const Config *c, size_t i) {
        const ConfigDevice *d = device_get(c, i);

        if (!c->namespaces[NAMESPACE_USER].present || !device_is_wanted(c) || d->type == S_IFIFO)
                return false;
        for (size_t j = i + 1; j < device_count(c); j++) /* one of the config's in place of a default one */
                if (streq(device_get(c, j)->path, d->path))
                        return false;
        return true;
}

/* Where a descriptor leads, from the root of its mount namespace (or of the
 * detached mount that it is in). */
static int path_of(int fd, char ret[static PATH_MAX]) {
        char link[FD_PATH_MAX];
        ssize_t n = readlink(fd_path(fd, link), ret, PATH_MAX - 1);

        if (n < 0)
                return -errno;
        ret[n] = 0;
        return 0;
}

/* --- dump --- */

typedef struct Dump {
        CriuRequest *request;
        const Config *config;
        int root; /* the container's */
        const char *mountinfo;
        const char *below; /* the bind whose mounts are walked over */
} Dump;

/* A path of the config as the kernel knows it in the container: what it is now, or
 * as it was written where it is gone. */
static void resolve(int root, const char *path, char ret[static PATH_MAX]) {
        _cleanup_fd_ int fd = rootpath_open(root, path, O_PATH, 0);

        if (fd < 0 || path_of(fd, ret) < 0)
                snprintf(ret, PATH_MAX, "%s%s", path[0] == '/' ? "" : "/", path);
}

/* Mounts that the config makes there itself are looked at for themselves. */
static bool is_of_config(const Dump *d, const char *place) {
        for (size_t i = 0; i < d->config->n_mounts; i++) {
                char path[PATH_MAX];
                size_t n;

                resolve(d->root, d->config->mounts[i].destination, path);
                n = strlen(path);
                if (n > strlen(d->below) && strncmp(place, path, n) == 0 && (place[n] == '/' || place[n] == 0))
                        return true;
        }
        return false;
}

static int dump_below(const char *suffix, void *arg) {
        Dump *d = arg;
        char place[PATH_MAX];

        if ((size_t) snprintf(place, sizeof(place), "%s%s", d->below, suffix) >= sizeof(place))
                return -ENAMETOOLONG;
        return is_of_config(d, place) ? 0 : criu_request_add_mount(d->request, place, place);
}

static int dump_mount(Dump *d, const ConfigMount *m) {
        char path[PATH_MAX];
        int r;

        if (!is_external(d->config, m))
                return 0;
        resolve(d->root, m->destination, path);
        r = criu_request_add_mount(d->request, path, path);
        if (r < 0 || !m->options.bind_recursive)
                return r;
        d->below = path;
        return criu_mounts_below(d->mountinfo, path, dump_below, d);
}

static int dump_mask(Dump *d, const char *path) {
        _cleanup_fd_ int fd = rootpath_open(d->root, path, O_PATH, 0);
        char place[PATH_MAX];
        struct stat st;

        /* A masked directory is an empty tmpfs, which criu makes itself. */
        if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode) || path_of(fd, place) < 0)
                return 0;
        return criu_request_add_mount(d->request, place, MASK_KEY);
}

int criu_mounts_dump(CriuRequest *request, const Config *c, int procfs, pid_t pid, Error *error) {
        _cleanup_free_ char *mountinfo = NULL;
        _cleanup_fd_ int root = -EBADF;
        char path[32];
        Dump d;
        int r;

        snprintf(path, sizeof(path), "%d/root", (int) pid);
        root = procfs_openat(procfs, path, O_PATH | O_DIRECTORY, true);
        if (root < 0)
                return error_set_errno(error, root, "opening the container's root");
        r = read_mountinfo(procfs, pid, &mountinfo);
        if (r < 0)
                return error_set_errno(error, r, "reading the container's mounts");

        d = (Dump){ .request = request, .config = c, .root = root, .mountinfo = mountinfo };
        for (size_t i = 0; i < c->n_mounts && r >= 0; i++)
                r = dump_mount(&d, c->mounts + i);
        for (char *const *p = c->masked_paths; p && *p && r >= 0; p++)
                r = dump_mask(&d, *p);
        for (size_t i = 0; i < device_count(c) && r >= 0; i++)
                if (device_is_bound(c, i))
                        r = criu_request_add_mount(request, device_get(c, i)->path, device_get(c, i)->path);
        return r < 0 ? error_set_errno(error, r, "naming the container's external mounts") : 0;
}

/* --- restore --- */

typedef struct Restore {
        CriuRequest *request;
        Launch *launch;
        Stage *stage;
        char (*places)[PATH_MAX]; /* per config mount: its place in the container */
        const char *place, *staged; /* of the bind whose mounts are walked over */
} Restore;

/* path behind prefix, NULL where it is not below it. */
static const char *path_below(const char *path, const char *prefix) {
        size_t n = strlen(prefix);

        while (n > 0 && prefix[n - 1] == '/')
                n--;
        if (strncmp(path, prefix, n) != 0 || path[n] != '/')
                return NULL;
        path += n + strspn(path + n, "/");
        return *path ? path : NULL;
}

/* Makes the mount point of the i-th mount, and says what its place will be called.
 * What lies on file systems that criu fills itself comes with them. */
static void make_place(Restore *s, size_t i) {
        const Config *c = s->launch->config;
        const ConfigMount *m = c->mounts + i;
        char below[PATH_MAX], *place = s->places[i];
        const char *rest = m->destination;
        mode_t mode = S_IFDIR | 0755;
        ssize_t parent = -1;
        int fd = -EBADF;
        struct stat st;

        for (size_t j = 0; j < i; j++) {
                const char *p = path_below(m->destination, c->mounts[j].destination);

                if (p && !c->mounts[j].options.remount)
                        parent = (ssize_t) j, rest = p;
        }
        if (m->options.bind && fstat(s->launch->mounts[i], &st) >= 0 && !S_ISDIR(st.st_mode))
                mode = S_IFREG | 0644;
        if (parent < 0)
                fd = rootfs_create(s->launch, m->destination, mode);
        else if (c->mounts[parent].options.bind)
                fd = rootpath_create(s->launch->mounts[parent], rest, mode);

        /* What could not be made criu will miss, and say so. */
        if (fd < 0 || path_of(fd, below) < 0)
                snprintf(below, sizeof(below), "%s%s", rest[0] == '/' ? "" : "/", rest);
        fd_close(fd);
        snprintf(place, PATH_MAX, "%s%.*s", parent >= 0 && !streq(s->places[parent], "/") ? s->places[parent] : "",
                 (int) (PATH_MAX / 2), below);
        for (size_t n = strlen(place); n > 1 && place[n - 1] == '/';)
                place[--n] = 0;
}

/* Puts a mount on the stage: its name there. */
static int put(Restore *s, int *mount, char ret[static 32]) {
        snprintf(ret, 32, STAGE "/%zu", s->stage->n_mounts);
        return stage_add(s->stage, mount);
}

static int add_below(const char *suffix, void *arg) {
        Restore *s = arg;
        char place[PATH_MAX], staged[PATH_MAX];

        if ((size_t) snprintf(place, sizeof(place), "%s%s", s->place, suffix) >= sizeof(place) ||
            (size_t) snprintf(staged, sizeof(staged), "%s%s", s->staged, suffix) >= sizeof(staged))
                return -ENAMETOOLONG;
        return criu_request_add_mount(s->request, place, staged);
}

static int restore_mount(Restore *s, size_t i, const char *mountinfo) {
        const ConfigMount *m = s->launch->config->mounts + i;
        char staged[32], source[PATH_MAX];
        int r;

        if (s->launch->mounts[i] < 0)
                return 0;
        if ((r = put(s, &s->launch->mounts[i], staged)) < 0 ||
            (r = criu_request_add_mount(s->request, s->places[i], staged)) < 0)
                return r;
        if (!m->options.bind_recursive || !realpath(m->source, source))
                return 0;
        s->place = s->places[i];
        s->staged = staged;
        return criu_mounts_below(mountinfo, source, add_below, s);
}

static int restore_masks(Restore *s) {
        char staged[32];
        int r;

        if (s->launch->null < 0)
                return 0;
        r = put(s, &s->launch->null, staged);
        if (r >= 0)
                r = criu_request_add_mount(s->request, MASK_KEY, staged);
        /* crun calls each by its path. */
        for (char *const *p = s->launch->config->masked_paths; *p && r >= 0; p++)
                r = criu_request_add_mount(s->request, *p, staged);
        return r;
}

static int restore_devices(Restore *s) {
        const Config *c = s->launch->config;
        char staged[32];
        int r = 0;

        for (size_t i = 0; s->launch->devices && i < device_count(c) && r >= 0; i++) {
                const ConfigDevice *d = device_get(c, i);

                if (s->launch->devices[i] < 0 || !device_is_bound(c, i) || (streq(d->path, MASK_KEY) && s->launch->null >= 0))
                        continue;
                r = put(s, &s->launch->devices[i], staged);
                if (r >= 0)
                        r = criu_request_add_mount(s->request, d->path, staged);
        }
        return r;
}

int criu_mounts_restore(CriuRequest *request, Launch *l, Stage *stage, Error *error) {
        const Config *c = l->config;
        Restore s = { .request = request, .launch = l, .stage = stage };
        _cleanup_free_ char *mountinfo = NULL;
        char staged[32];
        int r;

        s.places = calloc(c->n_mounts + 1, sizeof(*s.places));
        r = s.places ? read_mountinfo(l->procfs, 0, &mountinfo) : -ENOMEM;
        if (r >= 0)
                r = put(&s, &l->root, staged);
        if (r >= 0)
                r = criu_request_set(request, &request->message.root, staged);
        for (size_t i = 0; i < c->n_mounts && r >= 0; i++) {
                if (c->mounts[i].options.remount)
                        continue;
                make_place(&s, i);
                r = restore_mount(&s, i, mountinfo);
        }
        if (r >= 0)
                r = restore_masks(&s);
        if (r >= 0)
                r = restore_devices(&s);
        free(s.places);
        /* As create does it, after the mount points are made: what comes into a user
         * namespace so, its root cannot undo. */
        if (r >= 0 && c->root_readonly && config_new_namespace(c, NAMESPACE_USER))
                r = mount_set_attr(l->root, MOUNT_ATTR_RDONLY, 0, false);
        return r < 0 ? error_set_errno(error, r, "preparing the container's mounts") : 0;
}

/* In a child, of one thread. */
static int protect_root(int namespace) {
        _cleanup_fd_ int root = -EBADF;

        if (setns(namespace, CLONE_NEWNS) < 0)
                return -errno;
        root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return root < 0 ? -errno : mount_set_attr(root, MOUNT_ATTR_RDONLY, 0, false);
}

int criu_mounts_finish(const Config *c, int procfs, pid_t pid, Error *error) {
        _cleanup_fd_ int fd = -EBADF;
        char path[32];
        pid_t child;
        int r;

        if (!c->root_readonly || config_new_namespace(c, NAMESPACE_USER))
                return 0;
        snprintf(path, sizeof(path), "%d/ns/mnt", (int) pid);
        fd = procfs_openat(procfs, path, O_RDONLY, true);
        if (fd < 0)
                return error_set_errno(error, fd, "opening the container's mount namespace");
        child = fork();
        if (child < 0)
                return error_set_errno(error, errno, "making the container's root read-only");
        if (child == 0)
                _exit(-protect_root(fd));
        r = process_wait_pid(child);
        return r == 0 ? 0 : error_set_errno(error, r, "making the container's root read-only");
}

int criu_mounts_set_stage(const Stage *stage, Error *error) {
        int r;

        if (unshare(CLONE_NEWNS) < 0)
                return error_set_errno(error, errno, "making a mount namespace for criu");
        r = stage_set(stage, STAGE, error);
        if (r < 0)
                return r;
        /* criu needs it for temporary files too, also as the root of a user namespace. */
        if (fchmodat(AT_FDCWD, ".", 01777, 0) < 0 || chdir("/") < 0)
                return error_set_errno(error, errno, "preparing the container's mounts");
        return 0;
}
