/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/socket.h>

#include "fd.h"
#include "netlink.h"

int netlink_open(int protocol) {
        struct sockaddr_nl address = { .nl_family = AF_NETLINK };
        _cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

        if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int netlink_join(int sock, unsigned group) {
        return setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0 ? -errno : 0;
}

void netlink_begin(NetlinkMessage *m, uint16_t type, uint16_t flags, const void *fixed, size_t n) {
        static uint32_t sequence;

        memset(m, 0, sizeof(*m));
        netlink_header(m)->nlmsg_type = type;
        /* A dump has an end of its own. (NLM_F_REPLACE of other requests is one of its two bits.) */
        netlink_header(m)->nlmsg_flags = (uint16_t) (flags | NLM_F_REQUEST | ((flags & NLM_F_DUMP) == NLM_F_DUMP ? 0 : NLM_F_ACK));
        netlink_header(m)->nlmsg_seq = ++sequence;
        netlink_header(m)->nlmsg_len = NLMSG_HDRLEN;
        if (n > sizeof(m->bytes) - NLMSG_HDRLEN) {
                m->overflow = true;
                return;
        }
        memcpy(m->bytes + NLMSG_HDRLEN, fixed, n);
        netlink_header(m)->nlmsg_len = (uint32_t) NLMSG_SPACE(n);
}

void netlink_add(NetlinkMessage *m, uint16_t type, const void *data, size_t n) {
        struct rtattr attribute = { .rta_type = type };
        size_t at = NLMSG_ALIGN(netlink_header(m)->nlmsg_len);

        if (m->overflow || n > UINT16_MAX - RTA_LENGTH(0) || RTA_SPACE(n) > sizeof(m->bytes) - at) {
                m->overflow = true;
                return;
        }
        attribute.rta_len = (uint16_t) RTA_LENGTH(n);
        memcpy(m->bytes + at, &attribute, sizeof(attribute));
        if (n > 0)
                memcpy(m->bytes + at + RTA_LENGTH(0), data, n);
        netlink_header(m)->nlmsg_len = (uint32_t) (at + RTA_SPACE(n));
}

void netlink_add_u32(NetlinkMessage *m, uint16_t type, uint32_t value) {
        netlink_add(m, type, &value, sizeof(value));
}

void netlink_add_string(NetlinkMessage *m, uint16_t type, const char *s) {
        netlink_add(m, type, s, strlen(s) + 1);
}

/* One datagram of an answer. 1: that was the last one. */
static int take(const uint8_t *data, size_t n, uint32_t sequence, int (*func)(const struct nlmsghdr *answer, void *arg),
                void *arg, int *first) {
        for (const struct nlmsghdr *h = (const void *) data; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
                if (h->nlmsg_seq != sequence)
                        continue;
                if (h->nlmsg_type == NLMSG_ERROR) {
                        const struct nlmsgerr *e = netlink_fixed(h);

                        if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
                                return -EBADMSG;
                        return e->error != 0 ? e->error : 1;
                }
                if (h->nlmsg_type == NLMSG_DONE)
                        return 1;
                if (func && *first >= 0)
                        *first = func(h, arg);
        }
        return 0;
}

int netlink_request(int sock, NetlinkMessage *m, int (*func)(const struct nlmsghdr *answer, void *arg), void *arg) {
        struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
        /* What the kernel puts into one datagram of a dump, at most. */
        _cleanup_free_ uint8_t *buffer = malloc(32768);
        int first = 0, r = 0;

        if (m->overflow)
                return -E2BIG;
        if (!buffer)
                return -ENOMEM;
        if (sendto(sock, m->bytes, netlink_header(m)->nlmsg_len, 0, (const struct sockaddr *) &kernel, sizeof(kernel)) < 0)
                return -errno;
        while (r == 0) {
                struct sockaddr_nl from = {};
                socklen_t size = sizeof(from);
                ssize_t k = recvfrom(sock, buffer, 32768, MSG_TRUNC, (struct sockaddr *) &from, &size);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                if (k > 32768)
                        return -EMSGSIZE;
                /* Other processes can send to us too. */
                if (from.nl_pid == 0)
                        r = take(buffer, (size_t) k, netlink_header(m)->nlmsg_seq, func, arg, &first);
        }
        return r < 0 ? r : MIN(first, 0);
}

const struct rtattr *netlink_find(const struct nlmsghdr *message, size_t n, uint16_t type) {
        size_t rest = message->nlmsg_len < NLMSG_SPACE(n) ? 0 : message->nlmsg_len - NLMSG_SPACE(n);

        for (const struct rtattr *a = (const void *) ((const uint8_t *) message + NLMSG_SPACE(n)); RTA_OK(a, rest);
             a = RTA_NEXT(a, rest))
                if (a->rta_type == type)
                        return a;
        return NULL;
}
