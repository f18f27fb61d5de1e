/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who may do what: polkit, asked asynchronously.
 *
 * A handler calls authority_check() first and returns 1 where the answer is not
 * there yet. When it comes, the same message is queued again and the handler
 * runs from its beginning: it looks up its object anew, so that nothing that
 * went meanwhile is touched (sd-bus CVE-2020-1712). Where the sender goes first,
 * polkit is told that nobody waits any more, and the message is forgotten.
 */

#include <systemd/sd-bus.h>

#include "macro.h"
#include "manager-settings.h"

#define AUTHORITY_WAYS_MAX 3

typedef struct Authority Authority;

/* One way of being allowed something: an action of polkit. */
typedef struct AuthorityWay {
        const char *action;
        bool quiet;         /* nobody is asked for a password */
} AuthorityWay;

/* limits: read whenever somebody asks. */
int authority_new(sd_bus *bus, const ManagerSettings *limits, Authority **ret);
Authority *authority_free(Authority *authority);

/* Who sent a message: it must be connected still. */
int authority_user(Authority *authority, sd_bus_message *m, uid_t *ret);

/* ways: tried in their order, the last one is that of which an error speaks.
 * details: pairs of key and value, then NULL; they are shown to rules. Returns
 * the number of the way that it is allowed by, from 1; 0 where the handler must return
 * 1 and wait; and a negative errno with the error set where it is refused. root needs no
 * asking, and gets 1. */
int authority_check(Authority *authority, sd_bus_message *m, const AuthorityWay *ways, size_t n_ways,
                    const char *const *details, sd_bus_error *error);
