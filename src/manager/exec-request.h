/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A command that is to run inside: as a client asks for it, and as the OCI
 * process that it becomes.
 */

#include "bundle.h"

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
