/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The console of a container in our terminal, until it ends or is left.
 */

#include "ctl.h"

typedef struct ConsoleRequest {
        const char *name;
        bool read_only;
        const char *keys;     /* what the keys do: "detach" */
        const char *detached; /* what is said when they were typed, of the console */
} ConsoleRequest;

/* Returns the exit status: 0 at its end and after the keys. */
int console_run(Ctl *ctl, const ConsoleRequest *request, Error *error);
