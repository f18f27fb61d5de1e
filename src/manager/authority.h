/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who may do what: polkit, asked asynchronously.
 *
 * A handler calls authority_check() first and returns 1 where the answer is not
 * there yet. When it comes, the same message is queued again and the handler
 * runs from its beginning: it looks up its object anew, so that nothing that
 * went meanwhile is touched (sd-bus CVE-2020-1712).
 */

#include <systemd/sd-bus.h>

#include "macro.h"

typedef struct Authority Authority;

int authority_new(sd_bus *bus, Authority **ret);
Authority *authority_free(Authority *authority);

/* Who sent a message: it must be connected still. */
int authority_user(Authority *authority, sd_bus_message *m, uid_t *ret);

/* details: pairs of key and value, then NULL; they are shown to rules. Returns 1
 * where it is allowed, 0 where the handler must return 1 and wait, and a negative
 * errno with the error set where it is refused. root needs no asking. */
int authority_check(Authority *authority, sd_bus_message *m, const char *action, const char *const *details,
                    sd_bus_error *error);
