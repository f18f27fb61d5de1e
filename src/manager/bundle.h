/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Settings compiled into what others act on: the OCI bundle's config.json, the
 * monitor's plan, the process of an exec. Pure: no file is touched, so that a
 * test can look at the result without being root.
 */

#include <jansson.h>

#include "device-grant.h"
#include "error.h"
#include "identity.h"
#include "image.h"
#include "selinux.h"
#include "settings.h"

typedef struct Launch {
        const char *name;
        const Settings *settings;
        const Identity *identity;
        const Image *image;
        const char *dir;          /* /run/ctrd/containers/NAME */
        const char *host_os;      /* text of the host's os-release, or NULL */
        uint64_t files_max;       /* descriptors that ctrd itself may allow, RLIMIT_NOFILE(hard) */
        DeviceGrant *devices;     /* of Device=, looked up */
        size_t n_devices;
        bool resolv_conf;         /* DIR/resolv.conf exists and is to be bound */
        bool credentials;         /* DIR/host/credentials has any */
        char **storage;           /* of Nesting=: what of the container's storage/ is bound below /var/lib */
        SelinuxContexts selinux;  /* borrowed; NULLs: none */
        const char *apparmor;     /* label of its processes, or NULL */
} Launch;

/* What init is to be, and what is known of it. */
const char *launch_init_path(const Launch *launch);
bool launch_expects_ready(const Launch *launch);
int launch_stop_signal(const Launch *launch);

/* An OCI process with the container's capabilities. NULL: no memory. */
json_t *bundle_process(const Launch *launch, char *const *argv, char *const *environment, const char *directory,
                       uint32_t uid, uint32_t gid, bool terminal);

/* Descriptors of init: soft and hard limit of the kernel's and of systemd's PID 1
 * (systemd.exec(5), LimitNOFILE=), whatever ctrd was given. */
#define FILES_SOFT 1024
#define FILES_HARD 524288

int bundle_compile(const Launch *launch, json_t **ret, Error *error);

/* The text of the plan file; docs/architecture.md. */
int plan_compile(const Launch *launch, char **ret, Error *error);
