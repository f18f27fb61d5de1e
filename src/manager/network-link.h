/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Network interfaces over rtnetlink(7). A NetworkSocket belongs for ever to
 * the network namespace that its maker was in; interfaces are named by their
 * index in there.
 */

#include "address.h"
#include "error.h"

typedef struct NetworkSocket NetworkSocket;

int network_socket_new(NetworkSocket **ret, Error *error);
NetworkSocket *network_socket_free(NetworkSocket *s);
DEFINE_CLEANUP(NetworkSocket *, network_socket_free)

/* Looks an interface up. Returns its index, 0 where there is none. In
 * *ret_ours: whether it is a veth that carries this alias. May be NULL. */
int network_link_find(NetworkSocket *s, const char *name, const char *alias, bool *ret_ours, Error *error);

typedef struct NetworkPair {
        const char *host_name;
        const char *host_alias;
        const uint8_t *host_mac;
        const char *peer_name;
        const uint8_t *peer_mac;
        int peer_netns; /* the peer is born in there and never seen here */
        unsigned mtu;   /* 0: the kernel's */
} NetworkPair;

/* Makes a veth pair; both ends are down. Returns the host's index. */
int network_link_add_pair(NetworkSocket *s, const NetworkPair *pair, Error *error);

int network_link_up(NetworkSocket *s, int index, const char *name, Error *error);

/* None there is no error. */
int network_link_delete(NetworkSocket *s, int index, const char *name, Error *error);

int network_link_add_address(NetworkSocket *s, int index, const Address *address, Error *error);

/* A default route by this gateway. */
int network_link_add_gateway(NetworkSocket *s, int index, const Address *gateway, Error *error);
