/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Environments: of PID 1, and of commands that are run beside it.
 */

#include "bundle.h"

#define ENVIRONMENT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What every process of a container has. */
int environment_defaults(char ***environment, const char *term);

/* Adds assignments; one of the same name that is there already is replaced. */
int environment_merge(char ***environment, char *const *more);

/* What PID 1 is told: the Container Interface of systemd, the settings' own
 * last. */
int environment_of_init(const Launch *launch, char ***ret);
