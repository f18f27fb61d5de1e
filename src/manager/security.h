/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What confines a container, told from the bundle that a start would use, and of
 * one that runs from its init: for people and tools that want to see it.
 */

#include <jansson.h>
#include <sys/types.h>

#include "bundle.h"

typedef struct SecurityRow {
        const char *layer; /* "Capabilities" */
        char *value;
        char *source; /* file of the setting that has decided it, or words: "default" */
} SecurityRow;

#define SECURITY_ROWS_MAX 64

typedef struct Security {
        SecurityRow rows[SECURITY_ROWS_MAX];
        size_t n;
} Security;

void security_clear(Security *security);

/* From the compiled bundle (see bundle_compile()) and the settings that it is of.
 * -ENOMEM is the only error. */
int security_describe(const Launch *launch, const json_t *config, Security *ret);

/* Adds what the kernel says of a running container's init. One that has just ended
 * adds nothing. */
int security_describe_running(pid_t leader, Security *security);
