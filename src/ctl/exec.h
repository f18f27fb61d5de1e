/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A command in a container: asks ctrd for a session, holds it to its end.
 */

#include "ctl.h"

typedef struct ExecRequest {
        const char *container;
        char *const *command; /* empty: the user's shell, as a login */
        char **environment;
        const char *user;
        const char *directory;
        bool terminal;
        bool login;
        bool detachable; /* Ctrl-] three times hangs up; with a terminal */
} ExecRequest;

/* A variable of the command: NAME=VALUE, or the NAME of one of ours. */
int exec_add_environment(char ***list, const char *value, Error *error);

/* What runs on a terminal must know what kind it is. */
int exec_add_term(char ***list, Error *error);

/* Returns the exit status: the command's own, or one of those in ctl.h. */
int exec_run(Ctl *ctl, const ExecRequest *request, Error *error);
