/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <arpa/inet.h>
#include <linux/audit.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attack.h"

/* Networks and sockets of the host. */

/* CVE-2020-15257: whoever shares the network namespace reaches them. */
static int abstract_socket(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *name = target("abstract");
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (!name)
                return ATTACK_IMPOSSIBLE;
        if (fd < 0)
                return -errno;
        strncpy(address.sun_path + 1, name, sizeof(address.sun_path) - 2);
        return allowed(connect(fd, (struct sockaddr *) &address,
                               (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))), 0);
}

static int loopback(void) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t) target_number("port")),
                                       .sin_addr = { htonl(INADDR_LOOPBACK) } };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (!target("port"))
                return ATTACK_IMPOSSIBLE;
        return fd < 0 ? -errno : allowed(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
}

/* Raw frames may be sent on its own links, and on those alone. */
static int raw_frames(void) {
        const char *link = target("link");
        struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(3) };
        int fd;

        if (!link)
                return ATTACK_IMPOSSIBLE;
        fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(3));
        if (fd < 0)
                return -errno;
        address.sll_ifindex = (int) if_nametoindex(link);
        if (address.sll_ifindex == 0)
                return -errno;
        return allowed(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
}

static int audit_record(void) {
        struct {
                struct nlmsghdr head;
                char text[32];
        } message = { { sizeof(message), AUDIT_USER, NLM_F_REQUEST | NLM_F_ACK, 1, 0 }, "op=escape res=success" };
        struct {
                struct nlmsghdr head;
                struct nlmsgerr error;
                char rest[256];
        } answer = {};
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

        if (fd < 0)
                return errno == EPROTONOSUPPORT ? ATTACK_IMPOSSIBLE : -errno;
        if (send(fd, &message, sizeof(message), 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0)
                return -errno;
        if (answer.head.nlmsg_type == NLMSG_ERROR && answer.error.error < 0)
                return answer.error.error;
        return ATTACK_THROUGH;
}

/* Linux has no namespaces for these: what is there is the machine's, and its hypervisor's. */
static int vsock(void) {
        int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return errno == EAFNOSUPPORT ? ATTACK_IMPOSSIBLE : -errno;
        note("sockets to the hypervisor and other machines");
        return ATTACK_THROUGH;
}

static int nf_tables(void) {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

        if (fd < 0)
                return errno == EPROTONOSUPPORT ? ATTACK_IMPOSSIBLE : -errno;
        note("for its own network alone");
        return ATTACK_CONTAINED;
}

static int kernel_crypto(void) {
        int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return errno == EAFNOSUPPORT ? ATTACK_IMPOSSIBLE : -errno;
        note("much code of the kernel's within reach");
        return ATTACK_CONTAINED;
}

const Attack attacks_network[] = {
        { "abstract-socket", "CVE-2020-15257", "connect to an abstract socket of the host", abstract_socket },
        { "loopback", "ip(7)", "connect to what listens on the host's loopback", loopback },
        { "raw-frames", "packet(7)", "send raw frames on a link of the host", raw_frames },
        { "audit-record", "audit", "write a record into the host's audit log", audit_record },
        { "vsock", "vsock(7)", "make a socket to the hypervisor", vsock },
        { "nf-tables", "CVE-2024-1086", "reach nf_tables, whose bugs are the kernel's", nf_tables },
        { "af-alg", "CVE-2019-8912", "reach the kernel's crypto sockets, likewise", kernel_crypto },
        {},
};
