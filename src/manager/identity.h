/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a container is given once and keeps for life: machine id, image, and, as
 * long as its settings ask for as many, its ids. /var/lib/ctrd/containers/NAME/identity.json.
 */

#include "address.h"
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
        uint8_t mac[ADDRESS_MAC_SIZE]; /* of its interface; all zero: that of its name */
        uint64_t created_usec; /* CLOCK_REALTIME */
} Identity;

void identity_clear(Identity *identity);

/* The address of its interface where MACAddress= says nothing. */
void identity_mac(const Identity *identity, const char *name, uint8_t ret[static ADDRESS_MAC_SIZE]);

int identity_load(const char *name, Identity *ret, Error *error);
int identity_save(const char *name, const Identity *identity, Error *error);
