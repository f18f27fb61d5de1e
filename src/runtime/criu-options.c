/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "criu-options.h"
#include "parse.h"

/* "ADDRESS:PORT", an IPv6 address in brackets. */
static int parse_page_server(CriuOptions *o, const char *value, Error *error) {
        const char *colon = strrchr(value, ':'), *begin = value, *end = colon;
        uint64_t port;

        if (!colon || colon == value || parse_uint_max(colon + 1, UINT16_MAX, &port) < 0 || port == 0)
                goto wrong;
        if (*begin == '[') {
                if (end[-1] != ']')
                        goto wrong;
                begin++;
                end--;
        } else if (memchr(begin, ':', (size_t) (end - begin)))
                goto wrong;
        if (begin == end)
                goto wrong;

        free(o->page_server);
        o->page_server = strndup(begin, (size_t) (end - begin));
        if (!o->page_server)
                return error_set_errno(error, ENOMEM, "--page-server");
        o->page_server_port = (uint16_t) port;
        return 0;

wrong:
        return error_set(error, EINVAL, COMMAND_USAGE, "--page-server=%s: ADDRESS:PORT is wanted", value);
}

static int parse_cgroups_mode(CriuOptions *o, const char *value, Error *error) {
        static const struct {
                const char *word;
                CriuCgroupsMode mode;
        } modes[] = {
                { "soft", CRIU_CGROUPS_SOFT },
                { "full", CRIU_CGROUPS_FULL },
                { "strict", CRIU_CGROUPS_STRICT },
                { "ignore", CRIU_CGROUPS_IGNORE },
        };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (streq(value, modes[i].word)) {
                        o->cgroups_mode = modes[i].mode;
                        return 0;
                }
        return error_set(error, EINVAL, COMMAND_USAGE,
                         "--manage-cgroups-mode=%s: \"soft\", \"full\", \"strict\" or \"ignore\" is wanted", value);
}

static int parse_network_lock(CriuOptions *o, const char *value, Error *error) {
        if (streq(value, "iptables"))
                o->network_lock = CRIU_NETWORK_LOCK_IPTABLES;
        else if (streq(value, "nftables"))
                o->network_lock = CRIU_NETWORK_LOCK_NFTABLES;
        else if (streq(value, "skip"))
                o->network_lock = CRIU_NETWORK_LOCK_SKIP;
        else
                return error_set(error, EINVAL, COMMAND_USAGE,
                                 "--network-lock=%s: \"iptables\", \"nftables\" or \"skip\" is wanted", value);
        return 0;
}

static int parse_status_fd(CriuOptions *o, const char *value, Error *error) {
        uint32_t fd;
        int flags;

        if (parse_u32(value, &fd) < 0 || fd > INT32_MAX)
                return error_set(error, EINVAL, COMMAND_USAGE, "--status-fd=%s: the number of a descriptor is wanted", value);
        flags = fcntl((int) fd, F_GETFL);
        if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
                return error_set(error, EBADF, NULL, "--status-fd=%s: it is not open for writing", value);
        o->status_fd = (int) fd;
        return 0;
}

/* "apparmor:PROFILE" or "selinux:LABEL", as criu has them. */
static int check_lsm_profile(const char *value, Error *error) {
        const char *name = startswith(value, "apparmor:") ?: startswith(value, "selinux:");

        if (isempty(name))
                return error_set(error, EINVAL, COMMAND_USAGE,
                                 "--lsm-profile=%s: \"apparmor:PROFILE\" or \"selinux:LABEL\" is wanted", value);
        return 0;
}

static bool *find_switch(CriuOptions *o, int key) {
        switch (key) {
        case CRIU_KEY_LEAVE_RUNNING:
                return &o->leave_running;
        case CRIU_KEY_PRE_DUMP:
                return &o->pre_dump;
        case CRIU_KEY_TCP_ESTABLISHED:
                return &o->tcp_established;
        case CRIU_KEY_TCP_SKIP_IN_FLIGHT:
                return &o->tcp_skip_in_flight;
        case CRIU_KEY_TCP_CLOSE:
                return &o->tcp_close;
        case CRIU_KEY_EXT_UNIX_SK:
                return &o->external_unix_sockets;
        case CRIU_KEY_SHELL_JOB:
                return &o->shell_job;
        case CRIU_KEY_FILE_LOCKS:
                return &o->file_locks;
        case CRIU_KEY_LINK_REMAP:
                return &o->link_remap;
        case CRIU_KEY_AUTO_DEDUP:
                return &o->auto_dedup;
        case CRIU_KEY_LAZY_PAGES:
                return &o->lazy_pages;
        default:
                return NULL;
        }
}

int criu_options_parse(CriuOptions *o, int key, const char *value, Error *error) {
        bool *flag = find_switch(o, key);
        int r = 0;

        if (flag) {
                *flag = true;
                return 1;
        }
        switch (key) {
        case CRIU_KEY_IMAGE_PATH:
                o->image_path = value;
                break;
        case CRIU_KEY_WORK_PATH:
                o->work_path = value;
                break;
        case CRIU_KEY_PARENT_PATH:
                o->parent_path = value;
                break;
        case CRIU_KEY_STATUS_FD:
                r = parse_status_fd(o, value, error);
                break;
        case CRIU_KEY_PAGE_SERVER:
                r = parse_page_server(o, value, error);
                break;
        case CRIU_KEY_MANAGE_CGROUPS_MODE:
                r = parse_cgroups_mode(o, value, error);
                break;
        case CRIU_KEY_NETWORK_LOCK:
                r = parse_network_lock(o, value, error);
                break;
        case CRIU_KEY_EMPTY_NS:
                if (!streq(value, "network"))
                        return error_set(error, EINVAL, COMMAND_USAGE, "--empty-ns=%s: only \"network\" can be left empty",
                                         value);
                o->empty_namespaces |= CLONE_NEWNET;
                break;
        case CRIU_KEY_LSM_PROFILE:
                o->lsm_profile = value;
                r = check_lsm_profile(value, error);
                break;
        case CRIU_KEY_LSM_MOUNT_CONTEXT:
                o->lsm_mount_context = value;
                break;
        default:
                return 0;
        }
        return r < 0 ? r : 1;
}

int criu_options_check(const CriuOptions *o, Error *error) {
        if (isempty(o->image_path))
                return error_set(error, EINVAL, COMMAND_USAGE, "--image-path: a directory is wanted");
        /* criu keeps it as a symlink beside the images. */
        if (o->parent_path && (isempty(o->parent_path) || o->parent_path[0] == '/'))
                return error_set(error, EINVAL, COMMAND_USAGE, "--parent-path=%s: a path relative to --image-path is wanted",
                                 o->parent_path);
        if (o->pre_dump && o->lazy_pages)
                return error_set(error, EINVAL, COMMAND_USAGE, "--pre-dump and --lazy-pages exclude each other");
        return 0;
}

void criu_options_clear(CriuOptions *o) {
        free(o->page_server);
        *o = CRIU_OPTIONS_INIT;
}
