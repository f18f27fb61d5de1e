/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "ctl.h"
#include "exec.h"
#include "remote.h"
#include "strv.h"
#include "terminal.h"

static const Option exec_options[] = {
        { "user",    'u', "USER",       "Run as this user of the container, by name or number (root)" },
        { "env",     'e', "NAME=VALUE", "Set a variable; NAME alone passes ours; may be repeated"     },
        { "workdir", 'w', "DIRECTORY",  "Begin in this directory of the container"                    },
        { "tty",     't', NULL,         "On a terminal of the container's, even where ours is none"   },
        { "no-tty",  'T', NULL,         "On our standard input, output and error, as they are"        },
        {}
};

static const Option shell_options[] = {
        { "env",     'e', "NAME=VALUE", "Set a variable; NAME alone passes ours; may be repeated" },
        { "workdir", 'w', "DIRECTORY",  "Begin in this directory of the container"                },
        {}
};

static int finish_request(Ctl *ctl, ExecRequest *q, Error *error) {
        int r;

        if (ctl->host)
                return remote_run(ctl, q->terminal, error);
        if (q->terminal) {
                r = exec_add_term(&q->environment, error);
                if (r < 0)
                        return r;
        }
        return exec_run(ctl, q, error);
}

/* Options may stand before and behind NAME; the first other word begins the
 * command, whose options are its own. */
static int run_exec(Ctl *ctl, Options *o, Error *error) {
        _cleanup_strv_ char **environment = NULL;
        ExecRequest q = { .terminal = terminal_is_interactive() };
        const char *value;
        int code, r;

        options_stop_at_word(o);
        do {
                while ((code = options_next(o, &value, error)) > 0)
                        switch (code) {
                        case 'u':
                                q.user = value;
                                break;
                        case 'e':
                                r = exec_add_environment(&environment, value, error);
                                if (r < 0)
                                        return r;
                                break;
                        case 'w':
                                q.directory = value;
                                break;
                        case 't':
                                q.terminal = true;
                                break;
                        case 'T':
                                q.terminal = false;
                                break;
                        }
                if (code < 0)
                        return code;
        } while (!q.container && (q.container = options_take_word(o)));

        if (!q.container)
                return error_set(error, EINVAL, "Usage", "the name of a container is missing");
        q.command = options_rest(o);
        if (!q.command[0])
                return error_set(error, EINVAL, "Usage", "the command is missing");
        q.environment = environment;
        r = finish_request(ctl, &q, error);
        environment = q.environment;
        return r;
}

static int run_shell(Ctl *ctl, Options *o, Error *error) {
        static char *const none[] = { NULL };
        _cleanup_strv_ char **environment = NULL;
        ExecRequest q = { .terminal = terminal_is_interactive(), .login = true, .detachable = true, .command = none };
        const char *value;
        char **rest;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                if (code == 'w')
                        q.directory = value;
                else {
                        r = exec_add_environment(&environment, value, error);
                        if (r < 0)
                                return r;
                }
        if (code < 0)
                return code;
        r = options_check_rest(o, 1, 2, "the name of a container", error);
        if (r < 0)
                return r;
        rest = options_rest(o);
        q.container = rest[0];
        q.user = rest[1];
        q.environment = environment;
        r = finish_request(ctl, &q, error);
        environment = q.environment;
        return r;
}

const Verb verb_exec = {
        .name = "exec",
        .usage = "NAME [OPTIONS] [--] COMMAND…",
        .states = "running",
        .summary = "Run a command in a running container",
        .details = "Nothing is needed inside: no bus, no systemd, no ssh. Standard input, output and\n"
                   "error are the command's; where input and output are terminals, it gets one of its\n"
                   "own. The exit status is the command's; 128+N where signal N ended it; 127 where it\n"
                   "does not exist; 126 where it cannot be executed; 125 where ctrctl failed.",
        .options = exec_options,
        .status_failed = STATUS_EXEC_FAILED,
        .run = run_exec,
};

const Verb verb_shell = {
        .name = "shell",
        .usage = "NAME [USER]",
        .states = "running",
        .summary = "Log in to a running container",
        .details = "The login shell of USER (root), on a terminal of its own. Ctrl-] three times\n"
                   "within a second hangs up. Exit statuses are those of exec.",
        .options = shell_options,
        .status_failed = STATUS_EXEC_FAILED,
        .run = run_shell,
};
