/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "checkpoint.h"
#include "criu.h"
#include "criu-environment.h"
#include "criu-mounts.h"
#include "descriptors.h"
#include "fd.h"
#include "image-directory.h"
#include "procfs.h"

/* Whatever the memory of the container: a disk or another machine takes it up. With
 * lazy pages it is that machine which decides when. */
#define PATIENCE_USEC (900 * USEC_PER_SEC)
#define PATIENCE_LAZY_USEC (24 * 3600 * USEC_PER_SEC)

typedef struct Checkpoint {
        const Container *container;
        const Config *config;
        const CriuOptions *options;
        int procfs;
        int status_fd; /* -1: told, or nobody to tell */
} Checkpoint;

static int check_status(const Container *c, Error *error) {
        ContainerStatus status = container_status(c);

        if (status == CONTAINER_RUNNING || status == CONTAINER_PAUSED)
                return 0;
        return error_set(error, EINVAL, "NotRunning", "container %s is %s: only one that runs can be checkpointed", c->id,
                         container_status_to_string(status));
}

/* What criu would do wrong, or not at all. */
static int check_config(const Config *c, Error *error) {
        if (!config_new_namespace(c, NAMESPACE_MOUNT))
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "only a container with a mount namespace of its own can be checkpointed");
        return 0;
}

/* A namespace that the container joined is not dumped: at restore it is joined
 * again, under the name that runc and crun give it. */
static int add_namespaces(CriuRequest *request, const Checkpoint *p, Error *error) {
        static const struct {
                NamespaceType type;
                const char *name, *key;
        } kinds[] = { { NAMESPACE_NETWORK, "net", CRIU_KEY_NETWORK_NAMESPACE },
                      { NAMESPACE_PID, "pid", CRIU_KEY_PID_NAMESPACE } };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                char path[32];
                struct stat st;
                int r;

                if (!p->config->namespaces[kinds[i].type].path)
                        continue;
                /* The one that it is in: the path may name another by now. */
                snprintf(path, sizeof(path), "%d/ns/%s", (int) p->container->pid, kinds[i].name);
                _cleanup_fd_ int fd = procfs_openat(p->procfs, path, O_RDONLY, true);
                if (fd < 0 || fstat(fd, &st) < 0)
                        return error_set_errno(error, fd < 0 ? fd : errno, "looking at the container's %s namespace",
                                               kinds[i].name);
                r = criu_request_add_external(request, "%s[%" PRIu64 "]:%s", kinds[i].name, (uint64_t) st.st_ino, kinds[i].key);
                if (r < 0)
                        return error_set_errno(error, r, "namespaces");
        }
        return 0;
}

/* Stopped by its cgroup, the container cannot fork away from criu. */
static int add_freezer(CriuRequest *request, const Container *c, Error *error) {
        _cleanup_free_ char *path = NULL;
        const char *point = cgroup_mount_point();
        int r;

        if (!c->cgroup || !point)
                return 0;
        if (asprintf(&path, "%s%s", point, c->cgroup) < 0)
                path = NULL;
        r = path ? criu_request_set(request, &request->message.freeze_cgroup, path) : -ENOMEM;
        return r < 0 ? error_set_errno(error, r, "cgroup") : 0;
}

static int build_request(CriuRequest *request, const Checkpoint *p, const ImageDirectory *d, unsigned version, Error *error) {
        int r;

        r = criu_request_init(request, p->options->pre_dump ? CRIU_RPC_TYPE__PRE_DUMP : CRIU_RPC_TYPE__DUMP, p->options,
                              d->images, d->work);
        if (r < 0)
                return error_set_errno(error, r, "criu");
        request->message.has_pid = true;
        request->message.pid = p->container->pid;
        if ((r = criu_environment_add(request, p->config, p->options, version, error)) < 0 ||
            (r = add_freezer(request, p->container, error)) < 0 ||
            (r = add_namespaces(request, p, error)) < 0 ||
            (r = criu_mounts_dump(request, p->config, p->procfs, p->container->pid, error)) < 0)
                return r;
        return p->options->pre_dump ? 0
                                    : descriptors_dump(request, d->images, p->procfs, p->container->pid,
                                                       p->container->external_descriptors, error);
}

/* --status-fd: a NUL once the pages can be asked for. */
static int notify(const char *script, pid_t pid, int *fd, void *arg, Error *error) {
        Checkpoint *p = arg;

        if (streq(script, "status-ready") && p->status_fd >= 0) {
                (void) !write(p->status_fd, "", 1);
                p->status_fd = fd_close(p->status_fd);
        }
        return 0;
}

static bool is_frozen(int cgroup) {
        _cleanup_free_ char *text = NULL;

        return cgroup >= 0 && cgroup_read(cgroup, "cgroup.freeze", &text) >= 0 && text[0] == '1';
}

int checkpoint_run(const Container *c, const Config *config, const CriuOptions *o, Error *error) {
        _cleanup_fd_ int procfs = -EBADF, pidfd = -EBADF, cgroup = -EBADF;
        ImageDirectory d = IMAGE_DIRECTORY_INIT;
        CriuRequest request = {};
        Checkpoint p = { c, config, o, -EBADF, o->status_fd };
        CriuRun run = { .request = &request, .cgroup = -1, .notify = notify, .arg = &p,
                        .patience_usec = o->lazy_pages ? PATIENCE_LAZY_USEC : PATIENCE_USEC };
        unsigned version;
        bool was_frozen;
        int r;

        if ((r = criu_options_check(o, error)) < 0 ||
            (r = check_status(c, error)) < 0 ||
            (r = check_config(config, error)) < 0 ||
            (r = criu_check(o, &version, error)) < 0)
                return r;
        p.procfs = procfs = procfs_open();
        if (procfs < 0)
                return error_set_errno(error, procfs, "opening /proc");
        pidfd = container_pidfd(c, procfs);
        if (pidfd < 0)
                return error_set_errno(error, pidfd, "container %s", c->id);
        cgroup = c->cgroup ? cgroup_open(c->cgroup) : -EBADF;
        was_frozen = is_frozen(cgroup);

        r = image_directory_create(o, &d, error);
        if (r >= 0)
                r = build_request(&request, &p, &d, version, error);
        if (r >= 0) {
                r = criu_run(&run, error);
                if (r < 0) {
                        char what[256];

                        /* criu thaws what it froze, unless it was killed. */
                        if (!was_frozen && is_frozen(cgroup))
                                (void) cgroup_write(cgroup, "cgroup.freeze", "0");
                        snprintf(what, sizeof(what), "checkpointing container %s", c->id);
                        r = image_directory_explain(&d, CRIU_LOG_DUMP, what, error);
                }
        }
        criu_request_clear(&request);
        image_directory_close(&d);
        return r;
}
