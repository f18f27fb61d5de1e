/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The journal that a container keeps, as the host's journalctl shows it.
 */

#include "ctl.h"

typedef struct JournalView {
        const char *lines; /* checked; NULL: all */
        const char *since; /* as journalctl has it, or NULL */
        const char *until;
        bool follow;
} JournalView;

/* Becomes journalctl. Returns where it cannot. */
int journal_run(Ctl *ctl, const char *name, const JournalView *v, Error *error);
