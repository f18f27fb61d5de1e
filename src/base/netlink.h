/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Requests over netlink(7), one at a time: for programs that are linked statically
 * (docs/decisions/19-netlink-without-a-library.md).
 */

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "macro.h"

#define NETLINK_MESSAGE_MAX 1024

typedef struct NetlinkMessage {
        uint8_t bytes[NETLINK_MESSAGE_MAX] __attribute__((__aligned__(NLMSG_ALIGNTO)));
        bool overflow;
} NetlinkMessage;

static inline struct nlmsghdr *netlink_header(NetlinkMessage *m) {
        return (struct nlmsghdr *) (void *) m->bytes;
}

/* A socket of a protocol (NETLINK_ROUTE) in the caller's network namespace, where it
 * stays whatever becomes of the caller. */
int netlink_open(int protocol);

/* What the kernel tells a group (RTNLGRP_…) comes to this socket too: use one that makes
 * no requests. -ENOENT: there is no such group. */
int netlink_join(int sock, unsigned group);

/* A message with its fixed part (struct ifinfomsg …). flags: NLM_F_DUMP and its like;
 * NLM_F_REQUEST goes without saying. */
void netlink_begin(NetlinkMessage *m, uint16_t type, uint16_t flags, const void *fixed, size_t n);

/* Attributes; what does not fit makes netlink_request() fail. */
void netlink_add(NetlinkMessage *m, uint16_t type, const void *data, size_t n);
void netlink_add_u32(NetlinkMessage *m, uint16_t type, uint32_t value);
void netlink_add_string(NetlinkMessage *m, uint16_t type, const char *s);

/* Sends it, hands each message that is the answer to func (NULL: none is expected), and
 * returns when the kernel has said that this was all: 0, or its negative errno. A negative
 * value of func is returned, with the rest of the answer read over. */
int netlink_request(int sock, NetlinkMessage *m, int (*func)(const struct nlmsghdr *answer, void *arg), void *arg);

/* The first attribute of a type behind a fixed part of n bytes; NULL: none. */
const struct rtattr *netlink_find(const struct nlmsghdr *message, size_t n, uint16_t type);

static inline const void *netlink_fixed(const struct nlmsghdr *message) {
        return (const uint8_t *) message + NLMSG_HDRLEN;
}
