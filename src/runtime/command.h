/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The verbs of the command line. Each gets what follows its name and returns
 * the exit status, or a negative errno with the error set.
 */

#include "error.h"
#include "macro.h"
#include "placement.h"
#include "rootless.h"

#define RUNTIME_ROOT_DEFAULT "/run/ctrrun"
#define OCI_VERSION "1.2.0"

/* Stops a verb with a usage error: exit status 2. */
#define COMMAND_USAGE "Usage"

typedef struct CommandGlobals {
        const char *root;
        CgroupManager cgroup_manager;
        RootlessMode rootless;
        const char *log;
        bool log_json;
        bool debug;
} CommandGlobals;

typedef struct CommandOption {
        int key;              /* the letter, or from 256 on where there is none */
        const char *name;     /* long, or NULL */
        const char *argument; /* what it takes, for the help; NULL: nothing */
        const char *help;     /* NULL: accepted for others' sake and not shown */
} CommandOption;

typedef struct Command {
        const char *name;
        const char *synopsis; /* behind the name */
        const char *help;
        const CommandOption *options; /* ends with {} */
        bool in_order;                /* options end at the first word: the rest is a command line */
        int (*run)(const struct Command *command, const CommandGlobals *globals, int argc, char **argv, Error *error);
} Command;

extern const Command command_create, command_start, command_run, command_state, command_kill, command_delete,
        command_exec, command_list, command_ps, command_pause, command_resume, command_spec, command_features,
        command_checkpoint, command_restore, command_update, command_events;

/* All, NULL-terminated. */
extern const Command *const commands[];

/* Goes through the options of argv[1…]; handle gets each key and its value.
 * Returns the index of the first word that is none, 0 where --help was asked
 * for and printed, or a negative errno. */
int command_parse(const Command *command, int argc, char **argv,
                  int (*handle)(int key, const char *value, void *data, Error *error), void *data, Error *error);

/* For a command that has no options of its own. */
int command_no_option(int key, const char *value, void *data, Error *error);

void command_print_help(const Command *command);

/* The one word behind the options, the container's id. */
int command_get_id(const Command *command, int argc, char **argv, int index, const char **ret, Error *error);
