/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a container is given once and keeps for life: machine id, image, and, as
 * long as its settings ask for as many, its ids. /var/lib/ctrd/containers/NAME/identity.json.
 */

#include "error.h"
#include "mcs.h"
#include "macro.h"

typedef struct Identity {
        char *machine_id; /* 32 hexadecimal digits */
        char *image;      /* image id */
        char *template;   /* TEMPLATE/VARIANT, or NULL */
        uint32_t uid_base;  /* 0: those of the host */
        uint32_t uid_count; /* 0: no user namespace */
        McsPair mcs;        /* of SELinux; none until a start with it */
        uint64_t created_usec; /* CLOCK_REALTIME */
} Identity;

void identity_clear(Identity *identity);
int identity_load(const char *name, Identity *ret, Error *error);
int identity_save(const char *name, const Identity *identity, Error *error);
