/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup-events.h"
#include "container.h"
#include "fd.h"
#include "field.h"
#include "file.h"
#include "json-text.h"
#include "parse.h"
#include "process.h"
#include "procfs.h"

#define STATE_SIZE_MAX (4 * 1024 * 1024)

static const char *const status_names[CONTAINER_STATUS_MAX] = {
        [CONTAINER_CREATING] = "creating", [CONTAINER_CREATED] = "created", [CONTAINER_RUNNING] = "running",
        [CONTAINER_PAUSED] = "paused",     [CONTAINER_STOPPED] = "stopped",
};

const char *container_status_to_string(ContainerStatus status) {
        return status >= 0 && status < CONTAINER_STATUS_MAX ? status_names[status] : NULL;
}

bool container_id_is_valid(const char *id) {
        size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-");

        return n > 0 && n <= CONTAINER_ID_MAX && id[n] == 0 && id[0] != '.';
}

Container *container_free(Container *c) {
        if (!c)
                return NULL;
        free(c->id);
        free(c->directory);
        fd_close(c->fd);
        free(c->bundle);
        free(c->rootfs);
        free(c->oci_version);
        free(c->created);
        free(c->cgroup);
        free(c->rdt_group);
        free(c->external_descriptors);
        free(c->scope);
        json_decref(c->annotations);
        free(c);
        return NULL;
}

static int container_alloc(const char *root, const char *id, Container **ret, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;

        if (!container_id_is_valid(id))
                return error_set(error, EINVAL, "InvalidName",
                                 "\"%s\" is no container id: 1 to %d letters, digits and _ . + - are, not beginning with a dot",
                                 id, CONTAINER_ID_MAX);
        c = calloc(1, sizeof(*c));
        if (!c)
                return error_set_errno(error, ENOMEM, "container");
        c->fd = -EBADF;
        c->id = strdup(id);
        if (!c->id || asprintf(&c->directory, "%s/%s", root, id) < 0) {
                c->directory = NULL;
                return error_set_errno(error, ENOMEM, "container");
        }
        *ret = TAKE_PTR(c);
        return 0;
}

/* Another user who may write to --root could put a directory of his own there,
 * with a state that names any process, cgroup and hook. */
static int open_directory(Container *c, Error *error) {
        struct stat st;

        c->fd = open(c->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (c->fd < 0)
                return -errno;
        if (fstat(c->fd, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid() || (st.st_mode & 022))
                return error_set(error, EPERM, NULL, "%s can be written by others than user %u: it is not trusted",
                                 c->directory, geteuid());
        return 0;
}

int container_new(const char *root, const char *id, Container **ret, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        int r;

        r = container_alloc(root, id, &c, error);
        if (r < 0)
                return r;

        /* mkdir(2) is what makes an id unique. */
        r = mkdir(c->directory, 0700) < 0 ? -errno : 0;
        if (r == -ENOENT) {
                r = file_mkdir_parents(root, 0700);
                if (r < 0)
                        return error_set_errno(error, r, "creating %s", root);
                r = mkdir(c->directory, 0700) < 0 ? -errno : 0;
        }
        if (r == -EEXIST)
                return error_set(error, EEXIST, "Exists", "container %s exists already", id);
        if (r < 0)
                return error_set_errno(error, r, "creating %s", c->directory);

        r = open_directory(c, error);
        if (r < 0) {
                (void) rmdir(c->directory);
                return error_is_set(error) ? r : error_set_errno(error, r, "opening %s", c->directory);
        }
        c->owner = getuid();
        *ret = TAKE_PTR(c);
        return 0;
}

static int load_string(const json_t *object, const char *where, char **ret, Error *error) {
        const char *s = NULL;
        int r;

        r = field_string(object, where, &s, error);
        if (r < 0 || !s)
                return r;
        *ret = strdup(s);
        return *ret ? 0 : error_set_errno(error, ENOMEM, "status");
}

static int parse_state(Container *c, const json_t *document, Error *error) {
        const json_t *annotations;
        uint64_t pid = 0, n_created = 0;
        uint32_t owner = 0;
        int r;

        c->exec_defaults = c->exposes_runtime = c->needs_config = true; /* where nothing is said of it */
        if (!json_is_object(document))
                return field_invalid("status", "must be an object", error);
        if ((r = load_string(document, "bundle", &c->bundle, error)) < 0 ||
            (r = load_string(document, "rootfs", &c->rootfs, error)) < 0 ||
            (r = load_string(document, "ociVersion", &c->oci_version, error)) < 0 ||
            (r = load_string(document, "created", &c->created, error)) < 0 ||
            (r = load_string(document, "cgroup", &c->cgroup, error)) < 0 ||
            (r = load_string(document, "rdtGroup", &c->rdt_group, error)) < 0 ||
            (r = load_string(document, "external_descriptors", &c->external_descriptors, error)) < 0 ||
            (r = load_string(document, "systemdScope", &c->scope, error)) < 0 ||
            (r = field_u64(document, "pid", INT32_MAX, &pid, error)) < 0 ||
            (r = field_u64(document, "startTime", INT64_MAX, &c->start_time, error)) < 0 ||
            (r = field_u64(document, "namespaces", INT64_MAX, &c->namespaces, error)) < 0 ||
            (r = field_u64(document, "cgroupCreated", INT32_MAX, &n_created, error)) < 0 ||
            (r = field_bool(document, "cgroupDelegated", &c->cgroup_delegated, error)) < 0 ||
            (r = field_bool(document, "exposesRuntime", &c->exposes_runtime, error)) < 0 ||
            (r = field_bool(document, "seccomp", &c->seccomp, error)) < 0 ||
            (r = field_bool(document, "execDefaults", &c->exec_defaults, error)) < 0 ||
            (r = field_bool(document, "needsConfig", &c->needs_config, error)) < 0 ||
            (r = field_u32(document, "owner", &owner, error)) < 0 ||
            (r = field_object(document, "annotations", &annotations, error)) < 0)
                return r;
        if (!c->bundle)
                return field_missing("bundle", error);
        c->pid = (pid_t) pid;
        c->owner = owner;
        c->n_cgroup_created = (unsigned) n_created;
        c->annotations = json_incref((json_t *) annotations);
        return 0;
}

int container_parse_state(Container *c, const char *text, size_t size, Error *error) {
        json_t *document = field_load(text, size, "status", error);
        int r;

        if (!document)
                return -EINVAL;
        r = parse_state(c, document, error);
        json_decref(document);
        return r;
}

/* "NUMBER:/PATH": how many directories at the end of the path are new. Of a unit of
 * systemd "UNIT:/PATH". */
int container_note_cgroup(const Container *c) {
        char text[PATH_MAX], number[16];

        snprintf(number, sizeof(number), "%u", c->n_cgroup_created);
        if (c->n_cgroup_created == 0 && !c->scope)
                return unlinkat(c->fd, "cgroup", 0) < 0 && errno != ENOENT ? -errno : 0;
        if ((size_t) snprintf(text, sizeof(text), "%s:%s", c->scope ?: number, c->cgroup) >= sizeof(text))
                return -ENAMETOOLONG;
        if (symlinkat(text, c->fd, "cgroup") >= 0)
                return 0;
        if (errno != EEXIST || unlinkat(c->fd, "cgroup", 0) < 0)
                return -errno;
        return symlinkat(text, c->fd, "cgroup") < 0 ? -errno : 0;
}

static int load_note(Container *c) {
        char text[PATH_MAX], *colon;
        ssize_t n = readlinkat(c->fd, "cgroup", text, sizeof(text) - 1);
        uint32_t n_created;

        if (n < 0)
                return errno == ENOENT ? 0 : -errno;
        text[n] = 0;
        colon = strchr(text, ':');
        if (!colon)
                return -EBADMSG;
        *colon = 0;
        c->cgroup = strdup(colon + 1);
        if (!c->cgroup)
                return -ENOMEM;
        if (parse_u32(text, &n_created) >= 0)
                c->n_cgroup_created = n_created;
        else if (!(c->scope = strdup(text)))
                return -ENOMEM;
        return 0;
}

int container_load(const char *root, const char *id, Container **ret, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = container_alloc(root, id, &c, error);
        if (r < 0)
                return r;
        r = open_directory(c, error);
        if (r == -ENOENT)
                return error_set(error, ENOENT, "NoSuchContainer", "container %s does not exist", id);
        if (r < 0)
                return error_is_set(error) ? r : error_set_errno(error, r, "opening %s", c->directory);

        r = file_read(c->fd, "status", STATE_SIZE_MAX, &text, &size);
        if (r == -ENOENT) {
                /* Being created, or left by a runtime that was killed then. */
                r = load_note(c);
                if (r < 0)
                        return error_set_errno(error, r, "reading %s/cgroup", c->directory);
                *ret = TAKE_PTR(c);
                return 0;
        }
        if (r < 0)
                return error_set_errno(error, r, "reading %s/status", c->directory);

        r = container_parse_state(c, text, size, error);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

int container_format_state(const Container *c, char **ret, Error *error) {
        json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:i, s:b, s:b, s:b, s:b, s:b, s:I, s:s*, s:s*, s:s*, s:s*, s:O*}",
                              "ociVersion", strempty(c->oci_version), "id", c->id, "bundle", c->bundle, "rootfs",
                              strempty(c->rootfs), "created", strempty(c->created), "version", CTRD_VERSION, "pid",
                              (int) c->pid, "startTime", (json_int_t) c->start_time, "namespaces",
                              (json_int_t) c->namespaces, "cgroupCreated", (int) c->n_cgroup_created, "cgroupDelegated",
                              (int) c->cgroup_delegated, "exposesRuntime",
                              (int) c->exposes_runtime, "seccomp", (int) c->seccomp, "execDefaults",
                              (int) c->exec_defaults, "needsConfig", (int) c->needs_config, "owner",
                              (json_int_t) c->owner, "cgroup", c->cgroup, "systemdScope", c->scope, "rdtGroup", c->rdt_group,
                              "external_descriptors", c->external_descriptors, "annotations", c->annotations);
        char *text = o ? json_text(o, JSON_COMPACT) : NULL;

        json_decref(o);
        if (!text)
                return error_set(error, EINVAL, NULL, "the state cannot be written: a path in it is not UTF-8");
        *ret = text;
        return 0;
}

int container_save(const Container *c, Error *error) {
        _cleanup_free_ char *text = NULL;
        _cleanup_fd_ int fd = -EBADF;
        int r;

        r = container_format_state(c, &text, error);
        if (r < 0)
                return r;

        /* Renamed into place for readers. No fsync: the directory is on tmpfs,
         * and after a crash of the machine no container is left to describe. */
        fd = openat(c->fd, ".status", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                r = -errno;
        if (r >= 0)
                r = fd_write_all(fd, text, strlen(text));
        if (r >= 0 && renameat(c->fd, ".status", c->fd, "status") < 0)
                r = -errno;
        return r < 0 ? error_set_errno(error, r, "writing %s/status", c->directory) : 0;
}

int container_remove(Container *c, Error *error) {
        int r;

        /* What is mostly there, by name: a few calls where a walk takes many. */
        (void) unlinkat(c->fd, "config.json", 0);
        (void) unlinkat(c->fd, "status", 0);
        if (c->cgroup)
                (void) unlinkat(c->fd, "cgroup", 0);
        if (c->seccomp)
                (void) unlinkat(c->fd, "seccomp.bpf", 0);
        if (rmdir(c->directory) >= 0 || errno == ENOENT)
                return 0;
        r = file_remove_tree(AT_FDCWD, c->directory);
        return r < 0 ? error_set_errno(error, r, "removing %s", c->directory) : 0;
}

int container_pidfd(const Container *c, int procfs) {
        _cleanup_fd_ int fd = -EBADF;
        uint64_t start;
        char state;
        int r;

        if (c->pid <= 0)
                return -ESRCH;
        fd = process_pidfd(c->pid);
        if (fd < 0)
                return fd;
        /* The descriptor first, the check after: what it names cannot change. */
        r = procfs_start_time(procfs, c->pid, &start, &state);
        if (r < 0)
                return r;
        if (start != c->start_time || state == 'Z' || state == 'X')
                return -ESRCH;
        return TAKE_FD(fd);
}

static bool is_frozen(const Container *c) {
        _cleanup_fd_ int fd = c->cgroup ? cgroup_open(c->cgroup) : -EBADF;

        return fd >= 0 && cgroup_is_frozen(fd) > 0;
}

ContainerStatus container_status(const Container *c) {
        _cleanup_fd_ int fd = -EBADF;

        if (!c->bundle)
                return CONTAINER_CREATING;
        fd = container_pidfd(c, -1);
        if (fd < 0)
                return CONTAINER_STOPPED;
        if (faccessat(c->fd, "start.sock", F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return CONTAINER_CREATED;
        return is_frozen(c) ? CONTAINER_PAUSED : CONTAINER_RUNNING;
}

json_t *container_state_json(const Container *c, ContainerStatus status) {
        return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s*, s:s*, s:s*, s:s, s:O*}", "ociVersion",
                         c->oci_version ?: "1.2.0", "id", c->id, "pid", status == CONTAINER_STOPPED ? 0 : (int) c->pid, "status",
                         status_names[status], "bundle", strempty(c->bundle), "rootfs", c->rootfs, "created",
                         c->created, "systemd-scope", c->scope, "owner", c->owner == 0 ? "root" : "", "annotations", c->annotations);
}
