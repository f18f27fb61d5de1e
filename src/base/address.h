/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Network addresses from text. Each checks the whole string; -EINVAL where
 * the form is wrong.
 */

#include "macro.h"

#define ADDRESS_MAC_SIZE 6

typedef struct Address {
        int family;        /* AF_INET or AF_INET6 */
        uint8_t bytes[16]; /* in network order; 4 of them for AF_INET */
        unsigned prefix;   /* bits of the network; all of them without a /PREFIX */
} Address;

size_t address_size(const Address *a);

/* "10.0.0.2/24". Returns the buffer. */
#define ADDRESS_TEXT_MAX 50
const char *address_to_string(const Address *a, char buffer[static ADDRESS_TEXT_MAX]);

/* "10.0.0.2", "fd00::2". */
int address_parse(const char *s, Address *ret);

/* "10.0.0.2/24": the prefix must be given. */
int address_parse_prefix(const char *s, Address *ret);

/* Whether both are in the network that a's prefix names. */
bool address_same_network(const Address *a, const Address *b);

/* "02:00:5e:10:00:01": an address of one station, not of a group. */
int address_parse_mac(const char *s, uint8_t ret[static ADDRESS_MAC_SIZE]);

/* The same, as text; returns the buffer. */
#define ADDRESS_MAC_TEXT_MAX sizeof("00:00:00:00:00:00")
const char *address_format_mac(const uint8_t mac[static ADDRESS_MAC_SIZE], char buffer[static ADDRESS_MAC_TEXT_MAX]);
