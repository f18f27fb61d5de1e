/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>

#include "criu-request.h"
#include "fd.h"

/* Information. At the next one criu 3.17 fills the disk where memory is missing in
 * the images, and takes longer. */
#define LOG_LEVEL 3

#define SET(message, field, value)               \
        do {                                     \
                (message)->has_##field = true;   \
                (message)->field = (value);      \
        } while (0)

/* Makes room for one more in a list of the message. */
static int grow(CriuRequest *request, void ***list, size_t n, size_t *room) {
        if (n == *room) {
                size_t wanted = *room ? 2 * *room : 16;
                void **grown = arena_new(&request->arena, void *, wanted);

                if (!grown)
                        return -ENOMEM;
                if (n > 0)
                        memcpy(grown, *list, n * sizeof(void *));
                *list = grown;
                *room = wanted;
        }
        return 0;
}

/* What --network-lock leaves to us is set by who knows what is installed. */
static void set_network_lock(CriuRpcOptions *m, const CriuOptions *o) {
        if (o->network_lock != CRIU_NETWORK_LOCK_AUTO)
                SET(m, network_lock, (uint32_t) o->network_lock);
}

static void set_dump_options(CriuRpcOptions *m, const CriuOptions *o) {
        SET(m, leave_running, o->leave_running);
        SET(m, tcp_skip_in_flight, o->tcp_skip_in_flight);
        SET(m, link_remap, o->link_remap);
        /* Pages are found out to have changed only if somebody began to watch
         * them: each pre-dump does so for the next one. */
        SET(m, track_memory, o->pre_dump || o->parent_path);
        /* Groups of mounts that lead out of the container are no obstacle: at
         * restore it is the bind that is handed in which decides. */
        SET(m, external_sharing, true);
        SET(m, external_masters, true);
}

static int set_strings(CriuRequest *request, const CriuOptions *o, bool restore) {
        CriuRpcOptions *m = &request->message;
        int r;

        if ((r = criu_request_set(request, &m->log_file, restore ? CRIU_LOG_RESTORE : CRIU_LOG_DUMP)) < 0 ||
            (o->parent_path && !restore && (r = criu_request_set(request, &m->parent_images, o->parent_path)) < 0) ||
            (o->lsm_profile && (r = criu_request_set(request, &m->lsm_profile, o->lsm_profile)) < 0) ||
            (o->lsm_mount_context && (r = criu_request_set(request, &m->lsm_mount_context, o->lsm_mount_context)) < 0))
                return r;
        if (!o->page_server)
                return 0;

        m->page_server = arena_new(&request->arena, CriuRpcPageServer, 1);
        if (!m->page_server)
                return -ENOMEM;
        criu_rpc_page_server__init(m->page_server);
        SET(m->page_server, port, o->page_server_port);
        return criu_request_set(request, &m->page_server->address, o->page_server);
}

int criu_request_init(CriuRequest *request, CriuRpcType type, const CriuOptions *o, int images, int work) {
        bool restore = type == CRIU_RPC_TYPE__RESTORE;
        CriuRpcOptions *m = &request->message;

        *request = (CriuRequest){ .type = type };
        criu_rpc_options__init(m);
        m->images_fd = images;
        if (work >= 0)
                SET(m, work_fd, work);
        SET(m, log_level, LOG_LEVEL);
        SET(m, notify, true);
        SET(m, external_unix_sockets, o->external_unix_sockets);
        SET(m, tcp_established, o->tcp_established);
        SET(m, shell_job, o->shell_job);
        SET(m, file_locks, o->file_locks);
        SET(m, auto_dedup, o->auto_dedup);
        SET(m, lazy_pages, o->lazy_pages);
        SET(m, orphan_pts_master, true);
        SET(m, manage_cgroups, true);
        SET(m, cgroups_mode, (uint32_t) o->cgroups_mode);
        if (o->empty_namespaces != 0)
                SET(m, empty_namespaces, o->empty_namespaces);
        set_network_lock(m, o);
        if (restore) {
                SET(m, restore_sibling, true); /* the restored init is our child, as a new one would be */
                SET(m, evasive_devices, true); /* a device by another path is as good */
                SET(m, tcp_close, o->tcp_close);
        } else
                set_dump_options(m, o);
        return set_strings(request, o, restore);
}

void criu_request_clear(CriuRequest *request) {
        for (size_t i = 0; i < request->n_fds; i++)
                if (request->fds_owned[i])
                        fd_close(request->fds[i]);
        arena_clear(&request->arena);
        *request = (CriuRequest){};
}

int criu_request_set(CriuRequest *request, char **field, const char *value) {
        char *copy = arena_strdup(&request->arena, value);

        if (!copy)
                return -ENOMEM;
        *field = copy;
        return 0;
}

int criu_request_add_mount(CriuRequest *request, const char *key, const char *value) {
        CriuRpcOptions *m = &request->message;
        CriuRpcMount *mount = arena_new(&request->arena, CriuRpcMount, 1);
        int r;

        if (!mount)
                return -ENOMEM;
        criu_rpc_mount__init(mount);
        if ((r = criu_request_set(request, &mount->key, key)) < 0 ||
            (r = criu_request_set(request, &mount->value, value)) < 0 ||
            (r = grow(request, (void ***) &m->mounts, m->n_mounts, &request->n_mounts_room)) < 0)
                return r;
        m->mounts[m->n_mounts++] = mount;
        return 0;
}

int criu_request_add_external(CriuRequest *request, const char *format, ...) {
        CriuRpcOptions *m = &request->message;
        char text[256];
        va_list ap;
        int n, r;

        va_start(ap, format);
        n = vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (n < 0 || (size_t) n >= sizeof(text))
                return -E2BIG;
        r = grow(request, (void ***) &m->externals, m->n_externals, &request->n_externals_room);
        if (r >= 0)
                r = criu_request_set(request, m->externals + m->n_externals, text);
        if (r >= 0)
                m->n_externals++;
        return r;
}

int criu_request_add_cgroup_root(CriuRequest *request, const char *path) {
        CriuRpcOptions *m = &request->message;
        CriuRpcCgroupRoot *root = arena_new(&request->arena, CriuRpcCgroupRoot, 1);
        int r;

        if (!root)
                return -ENOMEM;
        criu_rpc_cgroup_root__init(root);
        if ((r = criu_request_set(request, &root->path, path)) < 0 ||
            (r = grow(request, (void ***) &m->cgroup_roots, m->n_cgroup_roots, &request->n_roots_room)) < 0)
                return r;
        m->cgroup_roots[m->n_cgroup_roots++] = root;
        return 0;
}

int criu_request_add_fd(CriuRequest *request, int fd) {
        if (request->n_fds >= CRIU_INHERITED_MAX)
                return -E2BIG;
        request->fds[request->n_fds] = fd;
        return CRIU_FD_INHERITED + (int) request->n_fds++;
}

int criu_request_take_fd(CriuRequest *request, int fd) {
        int r = criu_request_add_fd(request, fd);

        if (r < 0)
                fd_close(fd);
        else
                request->fds_owned[request->n_fds - 1] = true;
        return r;
}

int criu_request_add_inherit(CriuRequest *request, const char *key, int fd) {
        CriuRpcOptions *m = &request->message;
        CriuRpcInherit *inherit = arena_new(&request->arena, CriuRpcInherit, 1);
        int r;

        if (!inherit)
                return -ENOMEM;
        criu_rpc_inherit__init(inherit);
        inherit->fd = fd;
        if ((r = criu_request_set(request, &inherit->key, key)) < 0 ||
            (r = grow(request, (void ***) &m->inherits, m->n_inherits, &request->n_inherits_room)) < 0)
                return r;
        m->inherits[m->n_inherits++] = inherit;
        return 0;
}

int criu_request_add_join(CriuRequest *request, const char *kind, int fd) {
        CriuRpcOptions *m = &request->message;
        CriuRpcJoin *join = arena_new(&request->arena, CriuRpcJoin, 1);
        char path[32];
        int r;

        if (!join)
                return -ENOMEM;
        criu_rpc_join__init(join);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if ((r = criu_request_set(request, &join->kind, kind)) < 0 ||
            (r = criu_request_set(request, &join->file, path)) < 0 ||
            (r = grow(request, (void ***) &m->joins, m->n_joins, &request->n_joins_room)) < 0)
                return r;
        m->joins[m->n_joins++] = join;
        return 0;
}
