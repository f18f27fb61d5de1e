/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Settings compiled into what others act on: the OCI bundle's config.json, the
 * monitor's plan, the process of an exec. Pure: no file is touched, so that a
 * test can look at the result without being root.
 */

#include <jansson.h>

#include "error.h"
#include "identity.h"
#include "image.h"
#include "settings.h"

typedef struct Launch {
        const char *name;
        const Settings *settings;
        const Identity *identity;
        const Image *image;
        const char *dir;          /* /run/ctrd/containers/NAME */
        const char *host_os;      /* text of the host's os-release, or NULL */
        bool resolv_conf;         /* DIR/resolv.conf exists and is to be bound */
        bool credentials;         /* DIR/host/credentials has any */
} Launch;

/* What init is to be, and what is known of it. */
const char *launch_init_path(const Launch *launch);
bool launch_expects_ready(const Launch *launch);
int launch_stop_signal(const Launch *launch);

/* Environment of PID 1: NAME=VALUE, those of the settings last. */
int launch_environment(const Launch *launch, char ***ret);

int bundle_compile(const Launch *launch, json_t **ret, Error *error);

/* The text of the plan file; docs/architecture.md. */
int plan_compile(const Launch *launch, char **ret, Error *error);

/* What a command inside is to be: for the runtime's "exec --process". */
typedef struct ExecRequest {
        char **argv;
        char **environment; /* added to the default one */
        char *directory;    /* NULL: / */
        char *user;         /* NULL: root; a number, or a name that is looked up inside */
        uint32_t uid, gid;
        bool terminal;
        uint32_t columns, rows; /* 0: not known */
} ExecRequest;

void exec_request_clear(ExecRequest *request);
int exec_compile(const Launch *launch, const ExecRequest *request, json_t **ret);

/* Fills in what a request leaves open: user and login shell. */
int exec_request_resolve(ExecRequest *request, bool login, Error *error);
