/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What ctr-network is to do, as data: read from its command line, checked,
 * and acted on by network-worker.c. Nothing here touches the kernel.
 */

#include <net/if.h>
#include <sys/types.h>

#include "address.h"
#include "error.h"

typedef enum NetworkVerb {
        NETWORK_VERB_UP,       /* a veth pair, and all that makes it usable */
        NETWORK_VERB_LOOPBACK, /* lo alone */
        NETWORK_VERB_DOWN,     /* take the host's end away */
        _NETWORK_VERB_MAX,
        _NETWORK_VERB_INVALID = -EINVAL,
} NetworkVerb;

const char *network_verb_to_string(NetworkVerb verb);
NetworkVerb network_verb_from_string(const char *s);

#define NETWORK_ADDRESSES_MAX 64

/* The name of the container's end, as systemd-networkd's files expect it. */
#define NETWORK_CONTAINER_INTERFACE "host0"

typedef struct NetworkPlan {
        NetworkVerb verb;
        char *name;                         /* of the container */
        char host_interface[IFNAMSIZ];      /* default: from the name */
        uint8_t host_mac[ADDRESS_MAC_SIZE]; /* default: from the name */
        uint8_t container_mac[ADDRESS_MAC_SIZE];
        unsigned mtu; /* 0: the kernel's */
        pid_t pid;    /* 0: from the OCI state on standard input */
        Address addresses[NETWORK_ADDRESSES_MAX];
        size_t n_addresses;
        Address host_addresses[NETWORK_ADDRESSES_MAX];
        size_t n_host_addresses;
        Address gateways[NETWORK_ADDRESSES_MAX];
        size_t n_gateways;
} NetworkPlan;

void network_plan_clear(NetworkPlan *plan);

/* Reads the arguments behind the program's name. 1: print the help, no more. */
int network_plan_parse(NetworkPlan *plan, int argc, char **argv, Error *error);

void network_plan_help(void);

/* The mark that tells our interfaces from others: "ctrd:NAME". Fits IFALIASZ. */
#define NETWORK_ALIAS_MAX 80
const char *network_plan_alias(const NetworkPlan *plan, char buffer[static NETWORK_ALIAS_MAX]);
