/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The plan: what ctrd wants done, as pure data. The keys and their meaning
 * stand in docs/architecture.md, "The plan".
 */

#include <sys/types.h>

#include "error.h"
#include "macro.h"
#include "userns.h"

#define PLAN_MAX (64 * 1024) /* bytes of the file */
#define PLAN_LOWER_MAX 32
#define PLAN_IDMAP_MAX 16

typedef enum PlanRoot {
        PLAN_ROOT_OVERLAY,
        PLAN_ROOT_BIND,
        _PLAN_ROOT_MAX,
        _PLAN_ROOT_INVALID = -EINVAL,
} PlanRoot;

typedef struct Plan {
        char *text; /* what the strings below point into */

        const char *name;
        const char *runtime;
        const char *bundle;
        const char *notify_socket; /* NULL: none */
        const char *interceptor; /* NULL: none */
        const char *intercepted_mounts; /* types with commas between them; NULL: none */
        const char *exit_record;
        const char *boot_id; /* NULL: none */
        const char *views; /* where lxcfs may be mounted; NULL: not wanted */
        const char *mount_context; /* of SELinux, for the root and what else the container sees; NULL: none */

        PlanRoot root;
        const char *rootfs;
        const char *store;
        const char *lower[PLAN_LOWER_MAX]; /* uppermost first */
        size_t n_lower;
        IdMap idmap[PLAN_IDMAP_MAX];
        size_t n_idmap;

        const char *console_log; /* NULL: none */
        uint64_t console_log_max;

        int stop_signal;
        uint64_t stop_timeout; /* microseconds, or USEC_INFINITY */
        uint64_t extend_max;   /* the same: by how much more the guest may make it */
        bool readonly;
        bool notify;
        bool terminal;
} Plan;

/* Parses a plan of n bytes, of which a copy is kept. Unknown keys, a key given
 * twice that is no list, a value of the wrong form, and a plan that lacks what
 * it needs are -EINVAL with a sentence that names the key. *ret is untouched
 * on failure. */
int plan_parse(const char *text, size_t n, Plan *ret, Error *error);

/* Reads and parses a file. */
int plan_read(int dirfd, const char *path, Plan *ret, Error *error);

void plan_clear(Plan *plan);
#define _cleanup_plan_ _cleanup_(plan_clear)
