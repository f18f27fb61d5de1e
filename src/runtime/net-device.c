/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "net-device.h"
#include "netlink.h"
#include "procfs.h"

/* An address, as RTM_GETADDR tells of it. */
typedef struct Address {
        uint8_t family, prefix_length;
        unsigned n, n_peer, n_broadcast; /* bytes; 0: none */
        uint8_t local[16], peer[16], broadcast[16];
} Address;

typedef struct MovedDevice {
        const char *name, *inside;
        int index; /* in the host's namespace */
        bool up;
        bool moved;
        Address *addresses;
        size_t n_addresses;
} MovedDevice;

struct NetDeviceMove {
        int from, to; /* network namespaces */
        int outside, within; /* netlink sockets */
        MovedDevice *devices;
        size_t n_devices;
};

NetDeviceMove *net_device_move_free(NetDeviceMove *move) {
        if (!move)
                return NULL;
        for (size_t i = 0; i < move->n_devices; i++)
                free(move->devices[i].addresses);
        free(move->devices);
        fd_close(move->outside);
        fd_close(move->within);
        fd_close(move->from);
        fd_close(move->to);
        free(move);
        return NULL;
}

/* --- what there is ---------------------------------------------------------- */

static int take_link(const struct nlmsghdr *answer, void *arg) {
        const struct ifinfomsg *info = netlink_fixed(answer);
        MovedDevice *d = arg;

        if (answer->nlmsg_type != RTM_NEWLINK || answer->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
                return -EBADMSG;
        d->index = info->ifi_index;
        d->up = info->ifi_flags & IFF_UP;
        return 0;
}

static int find_link(int sock, const char *name, MovedDevice *d) {
        struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
        NetlinkMessage m;

        netlink_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
        netlink_add_string(&m, IFLA_IFNAME, name);
        return netlink_request(sock, &m, take_link, d);
}

static unsigned copy_attribute(const struct rtattr *a, uint8_t to[static 16]) {
        unsigned n = a ? (unsigned) RTA_PAYLOAD(a) : 0;

        if (n == 0 || n > 16)
                return 0;
        memcpy(to, RTA_DATA(a), n);
        return n;
}

static int take_address(const struct nlmsghdr *answer, void *arg) {
        const struct ifaddrmsg *info = netlink_fixed(answer);
        const struct rtattr *local, *peer, *flags;
        MovedDevice *d = arg;
        Address *grown, *a;
        uint32_t f;

        if (answer->nlmsg_type != RTM_NEWADDR || answer->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
                return -EBADMSG;
        /* Kernels before 5.0 do not look at the index asked for. */
        if ((int) info->ifa_index != d->index)
                return 0;
        flags = netlink_find(answer, sizeof(*info), IFA_FLAGS);
        f = flags && RTA_PAYLOAD(flags) >= sizeof(f) ? *(const uint32_t *) RTA_DATA(flags) : info->ifa_flags;
        if (!(f & IFA_F_PERMANENT) || info->ifa_scope != RT_SCOPE_UNIVERSE)
                return 0;
        grown = reallocarray(d->addresses, d->n_addresses + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        d->addresses = grown;
        a = grown + d->n_addresses++;
        *a = (Address){ .family = info->ifa_family, .prefix_length = info->ifa_prefixlen };
        local = netlink_find(answer, sizeof(*info), IFA_LOCAL);
        peer = netlink_find(answer, sizeof(*info), IFA_ADDRESS);
        a->n = copy_attribute(local ?: peer, a->local);
        a->n_peer = local ? copy_attribute(peer, a->peer) : 0;
        a->n_broadcast = copy_attribute(netlink_find(answer, sizeof(*info), IFA_BROADCAST), a->broadcast);
        return 0;
}

static int list_addresses(int sock, MovedDevice *d) {
        struct ifaddrmsg info = { .ifa_family = AF_UNSPEC, .ifa_index = (unsigned) d->index };
        NetlinkMessage m;

        netlink_begin(&m, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
        return netlink_request(sock, &m, take_address, d);
}

/* --- what is done ----------------------------------------------------------- */

static int send_to(int sock, int index, int netns, const char *name) {
        struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = index };
        NetlinkMessage m;

        netlink_begin(&m, RTM_NEWLINK, 0, &info, sizeof(info));
        netlink_add_u32(&m, IFLA_NET_NS_FD, (uint32_t) netns);
        netlink_add_string(&m, IFLA_IFNAME, name);
        return netlink_request(sock, &m, NULL, NULL);
}

static int set_up(int sock, int index) {
        struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
        NetlinkMessage m;

        netlink_begin(&m, RTM_NEWLINK, 0, &info, sizeof(info));
        return netlink_request(sock, &m, NULL, NULL);
}

static int add_address(int sock, int index, const Address *a) {
        struct ifaddrmsg info = { .ifa_family = a->family, .ifa_prefixlen = a->prefix_length, .ifa_scope = RT_SCOPE_UNIVERSE,
                                  .ifa_flags = IFA_F_PERMANENT, .ifa_index = (unsigned) index };
        NetlinkMessage m;

        netlink_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
        netlink_add(&m, IFA_LOCAL, a->local, a->n);
        netlink_add(&m, IFA_ADDRESS, a->n_peer > 0 ? a->peer : a->local, a->n_peer > 0 ? a->n_peer : a->n);
        if (a->n_broadcast > 0)
                netlink_add(&m, IFA_BROADCAST, a->broadcast, a->n_broadcast);
        return netlink_request(sock, &m, NULL, NULL);
}

/* From one namespace to the other, with all it had. */
static int carry(MovedDevice *d, int from, const char *name, int to, int netns, const char *new_name, bool up) {
        MovedDevice here = {}, there = {};
        int r;

        r = find_link(from, name, &here);
        if (r < 0)
                return r;
        /* The kernel moves first and renames then: a name that is taken would leave
         * the device there under its old one. */
        r = find_link(to, new_name, &there);
        if (r != -ENODEV)
                return r < 0 ? r : -EEXIST;
        r = send_to(from, here.index, netns, new_name);
        if (r < 0)
                return r;
        d->moved = !d->moved;
        r = find_link(to, new_name, &there);
        for (size_t i = 0; i < d->n_addresses && r >= 0; i++)
                r = add_address(to, there.index, d->addresses + i);
        return r >= 0 && up ? set_up(to, there.index) : r;
}

void net_devices_return(NetDeviceMove *move) {
        for (size_t i = move->n_devices; i-- > 0;) {
                MovedDevice *d = move->devices + i;
                int r = d->moved ? carry(d, move->within, d->inside, move->outside, move->from, d->name, d->up) : 0;

                if (r < 0)
                        log_warning("bringing back the network device %s: %s", d->name, strerror(-r));
        }
}

/* --- all of it ------------------------------------------------------------------- */

/* A netlink socket stays in the namespace that it was made in. */
static int open_sockets(NetDeviceMove *move, Error *error) {
        int r = move->outside = netlink_open(NETLINK_ROUTE);

        if (r >= 0 && setns(move->to, CLONE_NEWNET) < 0)
                r = -errno;
        else if (r >= 0) {
                r = move->within = netlink_open(NETLINK_ROUTE);
                if (setns(move->from, CLONE_NEWNET) < 0)
                        r = -errno;
        }
        return r < 0 ? error_set_errno(error, r, "linux.netDevices: entering the container's network namespace") : 0;
}

static int open_namespaces(NetDeviceMove *move, int netns, Error *error) {
        struct stat a, b;

        move->from = procfs_openat(-1, "self/ns/net", O_RDONLY, true);
        move->to = fcntl(netns, F_DUPFD_CLOEXEC, 3);
        if (move->from < 0 || move->to < 0 || fstat(move->from, &a) < 0 || fstat(move->to, &b) < 0)
                return error_set_errno(error, move->from < 0 ? move->from : errno, "linux.netDevices");
        if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
                return error_set(error, EINVAL, "InvalidConfig",
                                 "linux.netDevices needs a network namespace other than the runtime's own");
        return 0;
}

static int move_one(NetDeviceMove *move, MovedDevice *d, Error *error) {
        int r = find_link(move->outside, d->name, d);

        if (r == -ENODEV)
                return error_set(error, ENODEV, NULL, "linux.netDevices: the host has no network device %s", d->name);
        if (r >= 0)
                r = list_addresses(move->outside, d);
        if (r >= 0)
                r = carry(d, move->outside, d->name, move->within, move->to, d->inside, true);
        return r < 0 ? error_set_errno(error, r, "linux.netDevices: moving %s to the container as %s", d->name, d->inside) : 0;
}

int net_devices_move(const Config *c, int netns, NetDeviceMove **ret, Error *error) {
        _cleanup_(net_device_move_freep) NetDeviceMove *move = calloc(1, sizeof(*move));
        int r;

        if (!move)
                return error_set_errno(error, ENOMEM, "linux.netDevices");
        move->from = move->to = move->outside = move->within = -EBADF;
        move->devices = calloc(c->n_net_devices, sizeof(*move->devices));
        if (!move->devices)
                return error_set_errno(error, ENOMEM, "linux.netDevices");
        move->n_devices = c->n_net_devices;
        if ((r = open_namespaces(move, netns, error)) < 0 ||
            (r = open_sockets(move, error)) < 0)
                return r;
        for (size_t i = 0; i < move->n_devices; i++) {
                move->devices[i].name = c->net_devices[i].name;
                move->devices[i].inside = c->net_devices[i].inside;
                r = move_one(move, move->devices + i, error);
                if (r < 0) {
                        net_devices_return(move);
                        return r;
                }
        }
        *ret = TAKE_PTR(move);
        return 0;
}
