/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * ctrctl: what one run of it is about, and the table of its verbs. A verb reads
 * its own options, then asks ctrd over the bus; it knows nothing by itself.
 */

#include <systemd/sd-bus.h>

#include "error.h"
#include "options.h"

/* Exit statuses; see ctrctl(1). */
enum {
        STATUS_FAILURE = 1,
        STATUS_USAGE = 2,
        STATUS_NOT_RUNNING = 3,   /* of "status" */
        STATUS_NO_CONTAINER = 4,  /* of "status" */
        STATUS_EXEC_FAILED = 125, /* exec, shell: what the command had no part in */
        STATUS_NOT_EXECUTABLE = 126,
        STATUS_NOT_FOUND = 127,
        STATUS_SIGNAL = 128, /* plus the number */
};

struct Ctl {
        const char *host; /* NULL: this one */
        bool json;
        bool no_legend;
        bool quiet;
        bool no_wait;
        bool unattended;    /* nobody is asked for a password, and nothing is waited for long */
        sd_bus *bus;        /* by ctl_bus() */
        char **argv;        /* the command line */
        char *const *tail;  /* the same, from the verb on */
        bool host_in_front; /* -H came before the verb, so that tail can be run elsewhere */
};

typedef struct Verb {
        const char *name;    /* one word, or two: "image list" */
        const char *usage;   /* what follows the name */
        const char *summary; /* half a sentence, for the list of verbs; NULL: not for people */
        const char *details; /* more for its own help, or NULL */
        const Option *options;
        /* For completion, which knows from the usage what the words are: */
        const char *words;  /* in place of the usage where that says too little, or NULL */
        const char *states; /* of the containers or jobs to offer, with blanks between; NULL: any */
        int status_failed;       /* the exit status of a failure; 0: STATUS_FAILURE */
        int status_no_container; /* the same, where there is no such container */
        /* Returns the exit status, or a negative errno with the error set. */
        int (*run)(Ctl *ctl, Options *options, Error *error);
} Verb;

extern const Verb *const verbs[]; /* ends with NULL */

/* Rows of the table, each beside its implementation. */
extern const Verb verb_attach, verb_bind, verb_clone, verb_complete, verb_console, verb_cp, verb_create, verb_detach,
        verb_device_add, verb_device_remove, verb_disable, verb_doctor, verb_edit, verb_enable, verb_events,
        verb_exec, verb_freeze, verb_get, verb_image_list, verb_image_remove, verb_job_cancel,
        verb_job_list, verb_job_show, verb_kill, verb_list, verb_logs, verb_profile_edit, verb_profile_list,
        verb_profile_remove, verb_profile_show, verb_remove, verb_rename, verb_restart, verb_run,
        verb_security, verb_set, verb_shell, verb_show, verb_start, verb_status, verb_stop,
        verb_template_list, verb_thaw, verb_top, verb_unbind, verb_wait;

/* Runs the verb that the command line names and reports what went wrong; returns the
 * exit status. end: called before the report; may be NULL. */
int ctl_main(int argc, char **argv, void (*end)(Ctl *ctl));
