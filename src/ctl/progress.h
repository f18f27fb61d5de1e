/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Progress of long work: one line that is drawn anew on a terminal, plain lines
 * elsewhere, nothing with --quiet. On standard error.
 */

#include "macro.h"

#define PROGRESS_LINE_MAX 512

/* The line for a terminal of so many columns: "NAME [#####.....]  43% MESSAGE", cut
 * to fit, without control characters. No bar where there is no room for one. */
void progress_format(char line[static PROGRESS_LINE_MAX], unsigned columns, const char *name, unsigned percent,
                     const char *message);

typedef struct Progress {
        bool quiet;
        bool terminal;
        bool drawn;
        char *said; /* the last plain line */
} Progress;

void progress_init(Progress *p, bool quiet);
void progress_show(Progress *p, const char *name, unsigned percent, const char *message);
/* Takes the line away, so that something else can be printed. */
void progress_hide(Progress *p);
void progress_end(Progress *p);
