/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "criu-environment.h"
#include "criu-mounts.h"
#include "criu.h"
#include "descriptors.h"
#include "fd.h"
#include "image-directory.h"
#include "launch.h"
#include "log.h"
#include "mount.h"
#include "pid-file.h"
#include "placement.h"
#include "process.h"
#include "procfs.h"
#include "restore.h"
#include "rootfs.h"
#include "socket.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

typedef struct Restore {
        const CreationOptions *of;
        Creation *creation;
        Launch *launch;
        Stage stage;
        int work; /* clone of criu's working directory */
        int console_socket; /* -1: the master stays with us, where it is wanted */
} Restore;

/* --- criu's notifications --- */

static int take_console(Restore *p, int *fd, Error *error) {
        static const char name[] = "/dev/ptmx";
        int r;

        if (*fd < 0)
                return error_set_errno(error, EBADMSG, "criu sent no terminal");
        if (p->console_socket >= 0) {
                r = fd_send(p->console_socket, name, sizeof(name) - 1, fd, 1);
                return r < 0 ? error_set_errno(error, r, "sending the console's master over the console socket") : 0;
        }
        if (p->of->relay_terminal && p->creation->master < 0)
                p->creation->master = TAKE_FD(*fd);
        return 0;
}

/* Our child from birth (criu makes it so), and not waited for: the pid is its own. */
static int know_init(Restore *p, pid_t pid, Error *error) {
        Container *c = p->creation->container;
        int r;

        if (pid <= 0)
                return 0;
        if (c->pid == pid)
                return 0;
        r = procfs_start_time(p->launch->procfs, pid, &c->start_time, NULL);
        if (r < 0)
                return error_set_errno(error, r, "looking at the restored init");
        c->pid = pid;
        return 0;
}

/* criu keeps the clocks of the container going where they stood, by a time
 * namespace, also where there was none: who comes by exec has to join it. */
static void know_time_namespace(Container *c, int procfs) {
        char path[32];
        struct stat own, other;
        _cleanup_fd_ int a = procfs_openat(procfs, "self/ns/time", O_RDONLY, true), b = -EBADF;

        snprintf(path, sizeof(path), "%d/ns/time", (int) c->pid);
        b = procfs_openat(procfs, path, O_RDONLY, true);
        if (a >= 0 && b >= 0 && fstat(a, &own) >= 0 && fstat(b, &other) >= 0 && own.st_ino != other.st_ino)
                c->namespaces |= CLONE_NEWTIME;
}

static int run_hooks(Restore *p, Error *error) {
        const Config *config = p->creation->config;
        const Container *c = p->creation->container;
        int r;

        r = creation_run_hooks(config, c, HOOK_PRESTART, CONTAINER_CREATING, error);
        return r < 0 ? r : creation_run_hooks(config, c, HOOK_CREATE_RUNTIME, CONTAINER_CREATING, error);
}

static int notify(const char *script, pid_t pid, int *fd, void *arg, Error *error) {
        Restore *p = arg;
        Container *c = p->creation->container;
        int r;

        r = know_init(p, pid, error);
        if (r < 0)
                return r;
        log_debug("criu: %s", script);
        if (streq(script, "setup-namespaces"))
                return run_hooks(p, error);
        if (streq(script, "orphan-pts-master"))
                return take_console(p, fd, error);
        if (streq(script, "network-unlock"))
                return p->creation->config->namespaces[NAMESPACE_NETWORK].present ? criu_environment_unlock(c->pid, error) : 0;
        if (streq(script, "post-restore")) {
                /* It does not run yet: from its first step on it is known. */
                know_time_namespace(c, p->launch->procfs);
                r = criu_mounts_finish(p->creation->config, p->launch->procfs, c->pid, error);
                return r < 0 ? r : container_save(c, error);
        }
        return 0;
}

static int prepare(void *arg, Error *error) {
        const Restore *p = arg;

        return criu_mounts_set_stage(&p->stage, error);
}

/* --- the request --- */

/* criu 3.17 takes some kinds by descriptor and joins the others. */
static int add_namespaces(CriuRequest *request, const Launch *l, Error *error) {
        for (int i = 0; i < NAMESPACE_MAX; i++) {
                int r;

                if (l->paths[i] < 0)
                        continue;
                r = criu_request_add_fd(request, l->paths[i]);
                if (r < 0)
                        return error_set_errno(error, r, "namespaces");
                switch (i) {
                case NAMESPACE_NETWORK:
                        r = criu_request_add_inherit(request, CRIU_KEY_NETWORK_NAMESPACE, r);
                        break;
                case NAMESPACE_PID:
                        r = criu_request_add_inherit(request, CRIU_KEY_PID_NAMESPACE, r);
                        break;
                case NAMESPACE_IPC:
                case NAMESPACE_UTS:
                case NAMESPACE_TIME:
                        r = criu_request_add_join(request, namespace_type_to_string((NamespaceType) i), r);
                        break;
                default:
                        return error_set(error, EOPNOTSUPP, "NotSupported", "a container cannot be restored into a %s namespace by path",
                                         namespace_type_to_string((NamespaceType) i));
                }
                if (r < 0)
                        return error_set_errno(error, r, "namespaces");
        }
        return 0;
}

/* criu mounts cgroup2 in its working directory for a while. That has to be one of
 * its own mount namespace: where the stage puts the clone. The images stay where
 * they are, as "parent" in them leads to others beside them. */
static int stage_work(Restore *p, const ImageDirectory *d, Error *error) {
        int r;

        r = p->work = mount_clone(d->work, "", false);
        if (r >= 0)
                r = mount_set_propagation(p->work, MS_PRIVATE, false);
        if (r >= 0)
                r = stage_add(&p->stage, &p->work);
        return r < 0 ? error_set_errno(error, r, "preparing %s", d->work_path) : 0;
}

static int admit_root(const Config *c, const ImageDirectory *d, Error *error) {
        uint32_t gid;

        if (!config_new_namespace(c, NAMESPACE_USER) || id_map_outside(c->gids, c->n_gids, 0, &gid) < 0)
                return 0;
        return image_directory_admit(d, gid, error);
}

static int build_request(CriuRequest *request, Restore *p, const CriuOptions *o, const ImageDirectory *d, unsigned version,
                         Error *error) {
        const Container *c = p->creation->container;
        int r;

        if ((r = admit_root(p->creation->config, d, error)) < 0 ||
            (r = stage_work(p, d, error)) < 0)
                return r;
        r = criu_request_init(request, CRIU_RPC_TYPE__RESTORE, o, d->images, p->work);
        if (r >= 0 && c->cgroup)
                r = criu_request_add_cgroup_root(request, c->cgroup);
        if (r < 0)
                return error_set_errno(error, r, "criu");
        if ((r = criu_environment_add(request, p->creation->config, o, version, error)) < 0 ||
            (r = descriptors_restore(request, d->images, error)) < 0 ||
            (r = add_namespaces(request, p->launch, error)) < 0)
                return r;
        return criu_mounts_restore(request, p->launch, &p->stage, error);
}

/* --- the container --- */

/* A unit of systemd begins with a process, and the container has none yet: with one
 * that waits until they are there. It ends with our end of the socket. */
typedef struct Holder {
        pid_t pid;
        int socket;
} Holder;

#define HOLDER_INIT ((Holder){ .socket = -EBADF })

static int holder_start(Holder *h, Error *error) {
        int ends[2], r = socket_pair(SOCK_SEQPACKET, ends);

        if (r < 0)
                return error_set_errno(error, r, "socket");
        h->pid = fork();
        if (h->pid == 0) {
                char c;

                fd_close(ends[0]);
                (void) !read(ends[1], &c, 1);
                _exit(0);
        }
        fd_close(ends[1]);
        if (h->pid < 0) {
                fd_close(ends[0]);
                return error_set_errno(error, errno, "fork");
        }
        h->socket = ends[0];
        return 0;
}

static void holder_end(Holder *h) {
        if (h->socket < 0)
                return;
        h->socket = fd_close(h->socket);
        while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
                ;
}

static int place(Restore *p, Placement *placement, Holder *holder, Error *error) {
        Config *config = p->creation->config;
        Container *c = p->creation->container;
        int r;

        r = placement_open(placement, p->of->cgroup_manager, config, c, error);
        if (r < 0 || !placement->adopts)
                return r;
        r = holder_start(holder, error);
        if (r < 0)
                return r;
        c->pid = holder->pid;
        r = placement_adopt(placement, config, c, error);
        c->pid = 0;
        return r;
}

static int restore(Restore *p, const CriuOptions *o, const ImageDirectory *d, unsigned version, int directory, Error *error) {
        _cleanup_(placement_close) Placement placement = PLACEMENT_INIT;
        _cleanup_(holder_end) Holder holder = HOLDER_INIT;
        Creation *creation = p->creation;
        CriuRequest request = {};
        CriuRun run = { .request = &request, .cgroup = -1, .prepare = prepare, .notify = notify, .arg = p,
                        .dies_with_us = true };
        pid_t pid;
        int r;

        r = launch_open(p->launch, creation->config, creation->container, directory, error);
        if (r < 0)
                return r;
        r = place(p, &placement, &holder, error);
        /* Where criu is told not to care, they stay where it runs. */
        if (o->cgroups_mode == CRIU_CGROUPS_IGNORE)
                run.cgroup = placement.fd;
        if (r >= 0)
                r = creation_keep(creation, p->launch, error);
        if (r >= 0)
                r = build_request(&request, p, o, d, version, error);
        /* Images before these (--parent-path), and memory that comes later (--lazy-pages),
         * are not counted. */
        run.patience_usec = criu_patience(image_directory_size(d)) * (o->lazy_pages ? 10 : 2);
        pid = r < 0 ? r : criu_run(&run, error);
        criu_request_clear(&request);
        stage_clear(&p->stage);
        p->work = fd_close(p->work);
        if (pid < 0)
                return pid;
        if (pid != creation->container->pid)
                return error_set(error, EBADMSG, NULL, "criu restored a process that it did not tell of");
        creation->pidfd = process_pidfd(pid);
        if (creation->pidfd < 0)
                return error_set_errno(error, creation->pidfd, "looking at the restored init");
        return pid_file_write(p->of->pid_file, pid, error);
}

static int check_config(const Config *c, Error *error) {
        /* Not by a user namespace of our own, as create has it: criu cannot give
         * processes the ids and the pids that they had without the host's rights. */
        if (geteuid() != 0)
                return error_set(error, EPERM, NULL, "a container is restored with root's rights alone: criu needs them");
        if (!config_new_namespace(c, NAMESPACE_MOUNT))
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "only a container with a mount namespace of its own can be restored");
        return 0;
}

int restore_run(const CreationOptions *of, const CriuOptions *o, Creation *ret, Error *error) {
        _cleanup_fd_ int directory = -EBADF, console_socket = -EBADF;
        ImageDirectory d = IMAGE_DIRECTORY_INIT;
        Creation c = CREATION_INIT;
        Launch l = {};
        Restore p = { .of = of, .creation = &c, .launch = &l, .work = -EBADF, .console_socket = -EBADF };
        unsigned version;
        int r;

        if ((r = criu_options_check(o, error)) < 0 ||
            (r = creation_load(of, &directory, &c, error)) < 0)
                goto finish;
        if ((r = check_config(c.config, error)) < 0 ||
            (r = image_directory_open(o, &d, error)) < 0 ||
            (r = criu_check(o, &version, error)) < 0)
                goto finish;
        if (of->console_socket) {
                r = console_socket = p.console_socket = console_connect(of->console_socket, error);
                if (r < 0)
                        goto finish;
        }
        r = creation_enter(of, &c, error);
        if (r < 0)
                goto finish;
        r = restore(&p, o, &d, version, directory, error);
        launch_close(&l);
        if (r < 0) {
                char what[256];

                snprintf(what, sizeof(what), "restoring container %s", of->id);
                r = image_directory_explain(&d, CRIU_LOG_RESTORE, what, error);
                creation_undo(&c);
        }

finish:
        image_directory_close(&d);
        if (r < 0) {
                creation_clear(&c);
                return r;
        }
        *ret = c;
        return 0;
}
