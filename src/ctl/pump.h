/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Streams that stand between a terminal and a command in a container. A
 * container never gets a terminal of the host itself: with TIOCSTI and its kin it
 * could type into it (CVE-2017-5226 and others). So where standard input,
 * output or error is one, the command gets a pipe, and this copies.
 */

#include "macro.h"

typedef struct Pump {
        int from, to; /* from: -1 at its end */
        int remote;   /* the command's end of the pipe; owned until it is handed over */
        bool full;    /* the command reads too slowly: wait for it, not for more */
} Pump;

#define PUMPS_MAX 3

/* Looks at 0, 1 and 2, and makes a pump for each that is a terminal. ret_streams:
 * what the command is to get (owned by the pumps, or our own). A stream that is
 * closed becomes /dev/null. Returns the number of pumps. */
int pumps_new(Pump pumps[static PUMPS_MAX], int ret_streams[static 3]);

/* The command has its ends: ours of them go, so that ends of streams are seen. */
void pumps_handed_over(Pump *pumps, size_t n);

/* Copies until one of the watched descriptors is readable; returns its index. At most 4 of
 * them. */
int pumps_run(Pump *pumps, size_t n, const int *watch, size_t n_watch);

/* Copies what is there already to our output, and closes everything. */
void pumps_end(Pump *pumps, size_t n);
