/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "address-watch.h"
#include "fd.h"
#include "netlink.h"
#include "procfs.h"

/* What belongs together (both families, an old address and its successor) comes at once. */
#define REST (200 * USEC_PER_MSEC)
/* Addresses of a container of which the first are told. */
#define SEEN_MAX 4096
/* The kernel answers at once, or somebody has stopped it. */
#define ANSWER_TIMEOUT ((struct timeval){ .tv_sec = 1 })
/* More than fit into the socket's buffer. */
#define EVENTS_MAX 4096

static int look(AddressWatch *watch);

static void rested(void *userdata);

/* Until it has rested it hears nothing: the socket's buffer runs over, which is an event
 * as good as another. */
static void events_came(void *userdata, uint32_t events) {
        AddressWatch *watch = userdata;

        source_remove(&watch->source);
        if (timer_arm(&watch->rest, watch->loop, REST, rested, watch) < 0)
                address_watch_end(watch);
}

static int listen_on(AddressWatch *watch) {
        return source_add(&watch->source, watch->loop, watch->events, EPOLLIN, events_came, watch);
}

/* Lets the namespace go. */
static void address_watch_stop(AddressWatch *watch) {
        source_remove(&watch->source);
        timer_disarm(&watch->rest);
        watch->events = fd_close(watch->events);
        watch->requests = fd_close(watch->requests);
}

static void rested(void *userdata) {
        AddressWatch *watch = userdata;
        char byte;
        int r;

        for (unsigned i = 0; i < EVENTS_MAX; i++)
                if (recv(watch->events, &byte, 1, MSG_DONTWAIT) < 0 && errno != ENOBUFS && errno != EINTR)
                        break;
        r = listen_on(watch);
        if (r >= 0)
                r = look(watch);
        /* What is told last stays told. A guest that makes so many or so much of them is not
         * looked at any more: its monitor has other things to do. */
        if (r < 0)
                address_watch_stop(watch);
        else if (r > 0)
                watch->handler(watch->userdata);
}

typedef struct Look {
        Address addresses[ADDRESS_WATCH_MAX];
        size_t n, n_seen;
} Look;

static int note_address(const struct nlmsghdr *answer, void *arg) {
        const struct ifaddrmsg *message = netlink_fixed(answer);
        const struct rtattr *attribute;
        Look *found = arg;
        Address a = {};

        if (++found->n_seen > SEEN_MAX)
                return -E2BIG;
        if (answer->nlmsg_type != RTM_NEWADDR || answer->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
                return 0;
        if ((message->ifa_family != AF_INET && message->ifa_family != AF_INET6) || message->ifa_scope >= RT_SCOPE_LINK)
                return 0;
        /* Nobody can be reached by these (yet); an event tells when that changes. */
        if (message->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED) && !(message->ifa_flags & IFA_F_OPTIMISTIC))
                return 0;
        /* With a peer, IFA_ADDRESS is the peer's. */
        attribute = netlink_find(answer, sizeof(*message), IFA_LOCAL) ?: netlink_find(answer, sizeof(*message), IFA_ADDRESS);
        a.family = message->ifa_family;
        a.prefix = message->ifa_prefixlen;
        if (!attribute || RTA_PAYLOAD(attribute) != address_size(&a))
                return 0;
        memcpy(a.bytes, RTA_DATA(attribute), address_size(&a));
        if (found->n < ADDRESS_WATCH_MAX)
                found->addresses[found->n++] = a;
        return 0;
}

/* 1: they are others than before. */
static int look(AddressWatch *watch) {
        struct ifaddrmsg all = { .ifa_family = AF_UNSPEC };
        Look found = {};
        NetlinkMessage m;
        int r;

        netlink_begin(&m, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
        r = netlink_request(watch->requests, &m, note_address, &found);
        if (r < 0)
                return r;
        if (found.n == watch->n_addresses && memcmp(found.addresses, watch->addresses, found.n * sizeof(Address)) == 0)
                return 0;
        memcpy(watch->addresses, found.addresses, sizeof(found.addresses));
        watch->n_addresses = found.n;
        return 1;
}

/* Root of the namespace could send to it, and fill its queue: it hears the kernel alone. */
static int open_socket(void) {
        struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
        _cleanup_fd_ int fd = netlink_open(NETLINK_ROUTE);

        if (fd < 0)
                return fd;
        if (connect(fd, (const struct sockaddr *) &kernel, sizeof(kernel)) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &ANSWER_TIMEOUT, sizeof(struct timeval)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int open_sockets(AddressWatch *watch) {
        int r;

        r = watch->events = open_socket();
        if (r >= 0)
                r = netlink_join(watch->events, RTNLGRP_IPV4_IFADDR);
        if (r >= 0)
                r = netlink_join(watch->events, RTNLGRP_IPV6_IFADDR);
        /* Without IPv6 in the kernel there is nothing to hear of it. */
        if (r == -ENOENT)
                r = 0;
        if (r >= 0)
                r = watch->requests = open_socket();
        return r < 0 ? r : 0;
}

/* Sockets belong for ever to the namespace that they were made in: this process goes in
 * for as long as that takes. */
static int open_sockets_in(AddressWatch *watch, int own, int other) {
        int r;

        if (setns(other, CLONE_NEWNET) < 0)
                return -errno;
        r = open_sockets(watch);
        /* What this process makes after that must not be the container's. */
        if (setns(own, CLONE_NEWNET) < 0)
                abort();
        return r;
}

int address_watch_begin(AddressWatch *watch, Loop *loop, pid_t pid, AddressWatchHandler handler, void *userdata) {
        _cleanup_fd_ int own = -EBADF, other = -EBADF;
        struct stat a, b;
        char path[32];
        int r;

        address_watch_end(watch);
        watch->loop = loop;
        watch->handler = handler;
        watch->userdata = userdata;

        own = procfs_openat(-1, "self/ns/net", O_RDONLY | O_CLOEXEC, true);
        if (own < 0)
                return own;
        snprintf(path, sizeof(path), "%d/ns/net", (int) pid);
        other = procfs_openat(-1, path, O_RDONLY | O_CLOEXEC, true);
        if (other < 0)
                return other;
        if (fstat(own, &a) < 0 || fstat(other, &b) < 0)
                return -errno;
        if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
                return 0;

        r = open_sockets_in(watch, own, other);
        if (r >= 0)
                r = listen_on(watch);
        /* What it has already: from here on a change is an event. */
        if (r >= 0)
                r = look(watch);
        if (r < 0)
                address_watch_end(watch);
        return MIN(r, 0);
}

void address_watch_end(AddressWatch *watch) {
        address_watch_stop(watch);
        watch->n_addresses = 0;
}

const char *address_watch_text(const AddressWatch *watch, char buffer[static ADDRESS_WATCH_TEXT_MAX]) {
        char *p = buffer;

        *p = 0;
        for (size_t i = 0; i < watch->n_addresses; i++) {
                char text[ADDRESS_TEXT_MAX];

                p += sprintf(p, "%s%s", i > 0 ? " " : "", address_to_string(&watch->addresses[i], text));
        }
        return buffer;
}
