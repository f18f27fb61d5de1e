/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The processes of a unit, as a tree of its control groups. systemd is asked for
 * them, so it works over ssh, too. Names of both are the container's, and are made
 * printable.
 */

#include <stdio.h>
#include <systemd/sd-bus.h>
#include <sys/types.h>

#include "macro.h"

typedef struct Process {
        char *group; /* below the unit's, "" for that itself: "payload/init.scope" */
        char *command;
        pid_t pid;
} Process;

typedef struct ProcessTree {
        Process *items; /* those of a group together, before those of groups below it */
        size_t n;
} ProcessTree;

void process_tree_clear(ProcessTree *t);

/* bus: of the host that it runs on. 0, or a negative errno where systemd does not say. */
int process_tree_read(sd_bus *bus, const char *unit, ProcessTree *ret);

/* One by one: path is that of the control group from the top. Then they are put in order. */
int process_tree_add(ProcessTree *t, const char *unit, const char *path, uint32_t pid, const char *command);
void process_tree_sort(ProcessTree *t);

/* At most max processes, each on one line that begins with as many blanks as indent says. */
void process_tree_print(const ProcessTree *t, FILE *f, int indent, size_t max);
