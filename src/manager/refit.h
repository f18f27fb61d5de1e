/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A container that runs is given other things than it has: what it shall not have any more
 * is taken off, then what is new is put in, step by step, by its monitor, systemd and us.
 * Where a step fails those before it are undone.
 */

#include "container.h"

typedef struct Refit Refit;

/* error: NULL where it has all it shall have; else it has what it had. */
typedef void (*RefitDone)(const Error *error, void *userdata);

/* before, after: what it has and shall have, of attachment.h; copied. repair: how far an
 * earlier one came is not known, and each step that can be done is. Returns 0 where both are the same, and 1 where done is
 * called, once, perhaps from within; *ret is the refit then, until done is called. */
int refit_begin(Container *container, const Settings *before, const Settings *after, bool repair, RefitDone done, void *userdata,
                Refit **ret, Error *error);

/* Ends it where it is, without a word. */
Refit *refit_free(Refit *refit);
