/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Verbs that pass descriptors cannot do so over a bus that goes through ssh:
 * they run ctrctl over there instead.
 */

#include "ctl.h"

/* Replaces this process by ssh and the same verb on ctl->host. Returns only where
 * that fails. */
int remote_run(Ctl *ctl, bool terminal, Error *error);

/* The words as one line for a POSIX shell. */
int remote_quote(char *const *words, char **ret);
