/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What `checkpoint` and `restore` are asked for on the command line, as data.
 * Both have most options in common, with one parser.
 */

#include "command.h"
#include "error.h"
#include "macro.h"

/* As criu numbers them. */
typedef enum CriuCgroupsMode {
        CRIU_CGROUPS_IGNORE = 0,
        CRIU_CGROUPS_SOFT = 3,
        CRIU_CGROUPS_FULL = 4,
        CRIU_CGROUPS_STRICT = 5,
} CriuCgroupsMode;

typedef enum CriuNetworkLock {
        CRIU_NETWORK_LOCK_AUTO,
        CRIU_NETWORK_LOCK_IPTABLES,
        CRIU_NETWORK_LOCK_NFTABLES,
        CRIU_NETWORK_LOCK_SKIP, /* from criu 3.18 on */
} CriuNetworkLock;

typedef struct CriuOptions {
        const char *image_path, *work_path; /* work_path NULL: the images' */
        const char *parent_path;            /* relative to image_path */
        bool leave_running, pre_dump;
        bool tcp_established, tcp_skip_in_flight, tcp_close;
        bool external_unix_sockets, shell_job, file_locks, link_remap, auto_dedup, lazy_pages;
        int status_fd; /* -1: none */
        char *page_server; /* an address, or NULL; owned */
        uint16_t page_server_port;
        CriuCgroupsMode cgroups_mode;
        CriuNetworkLock network_lock;
        uint32_t empty_namespaces; /* CLONE_NEW… */
        const char *lsm_profile, *lsm_mount_context;
} CriuOptions;

#define CRIU_IMAGE_PATH_DEFAULT "checkpoint" /* in the working directory, as runc and crun have it */
#define CRIU_OPTIONS_INIT                                                                                        \
        ((CriuOptions){ .image_path = CRIU_IMAGE_PATH_DEFAULT, .status_fd = -1, .cgroups_mode = CRIU_CGROUPS_SOFT })

/* The keys of command lines; others may begin at CRIU_KEY_MAX. */
enum {
        CRIU_KEY_IMAGE_PATH = 256,
        CRIU_KEY_WORK_PATH,
        CRIU_KEY_PARENT_PATH,
        CRIU_KEY_LEAVE_RUNNING,
        CRIU_KEY_PRE_DUMP,
        CRIU_KEY_TCP_ESTABLISHED,
        CRIU_KEY_TCP_SKIP_IN_FLIGHT,
        CRIU_KEY_TCP_CLOSE,
        CRIU_KEY_EXT_UNIX_SK,
        CRIU_KEY_SHELL_JOB,
        CRIU_KEY_FILE_LOCKS,
        CRIU_KEY_LINK_REMAP,
        CRIU_KEY_AUTO_DEDUP,
        CRIU_KEY_LAZY_PAGES,
        CRIU_KEY_STATUS_FD,
        CRIU_KEY_PAGE_SERVER,
        CRIU_KEY_MANAGE_CGROUPS_MODE,
        CRIU_KEY_NETWORK_LOCK,
        CRIU_KEY_EMPTY_NS,
        CRIU_KEY_LSM_PROFILE,
        CRIU_KEY_LSM_MOUNT_CONTEXT,
        CRIU_KEY_MAX,
};

#define CRIU_COMMON_OPTIONS                                                                                            \
        { CRIU_KEY_IMAGE_PATH, "image-path", "DIR", "where the images are (default: ./" CRIU_IMAGE_PATH_DEFAULT ")" }, \
        { CRIU_KEY_WORK_PATH, "work-path", "DIR", "where criu's log and statistics go (default: to the images)" },     \
        { CRIU_KEY_TCP_ESTABLISHED, "tcp-established", NULL, "keep open TCP connections" },                            \
        { CRIU_KEY_EXT_UNIX_SK, "ext-unix-sk", NULL, "allow unix sockets that lead out of the container" },            \
        { CRIU_KEY_SHELL_JOB, "shell-job", NULL, "allow a terminal and a session from outside" },                      \
        { CRIU_KEY_FILE_LOCKS, "file-locks", NULL, "keep file locks" },                                                \
        { CRIU_KEY_MANAGE_CGROUPS_MODE, "manage-cgroups-mode", "MODE",                                                 \
          "\"soft\" (default), \"full\", \"strict\" or \"ignore\"" },                                                  \
        { CRIU_KEY_NETWORK_LOCK, "network-lock", "METHOD",                                                             \
          "\"iptables\" or \"nftables\" (default: what is installed), or \"skip\"" },                                  \
        { CRIU_KEY_EMPTY_NS, "empty-ns", "NAMESPACE", "\"network\": leave its contents to somebody else" },            \
        { CRIU_KEY_AUTO_DEDUP, "auto-dedup", NULL, "drop pages from the images as soon as they are not needed" },      \
        { CRIU_KEY_LAZY_PAGES, "lazy-pages", NULL, "move memory when it is used (userfaultfd)" }

/* One option; 1 where the key is one of those above, 0 where not. */
int criu_options_parse(CriuOptions *o, int key, const char *value, Error *error);

/* What the options say together. */
int criu_options_check(const CriuOptions *o, Error *error);

void criu_options_clear(CriuOptions *o);
