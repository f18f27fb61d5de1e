/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>
#include <sys/socket.h>

#include "network-link.h"

struct NetworkSocket {
        struct nl_sock *nl;
        int errnum;       /* of the last request, positive */
        char reason[160]; /* the kernel's own words on it, "" where it gave none */
};

static inline void link_putp(struct rtnl_link **l) {
        rtnl_link_put(*l);
}
static inline void msg_freep(struct nl_msg **m) {
        nlmsg_free(*m);
}
static inline void nl_addr_putp(struct nl_addr **a) {
        nl_addr_put(*a);
}
static inline void rtnl_addr_putp(struct rtnl_addr **a) {
        rtnl_addr_put(*a);
}
static inline void rtnl_route_putp(struct rtnl_route **r) {
        rtnl_route_put(*r);
}
#define _cleanup_link_ _cleanup_(link_putp)

/* libnl folds errno into fewer values of its own and drops the text that the
 * kernel sends along (NETLINK_EXT_ACK in netlink(7)); so both are taken here. */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *userdata) {
        NetworkSocket *s = userdata;
        const struct nlmsghdr *h = (const struct nlmsghdr *) ((const char *) e - NLMSG_HDRLEN);
        size_t skip = sizeof(*e) + (h->nlmsg_flags & NLM_F_CAPPED ? 0 : NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN);

        s->errnum = e->error < 0 ? -e->error : EIO;
        s->reason[0] = 0;
        if (h->nlmsg_flags & NLM_F_ACK_TLVS && h->nlmsg_len > NLMSG_HDRLEN + skip) {
                struct nlattr *text = nla_find((const struct nlattr *) ((const char *) e + skip),
                                               (int) (h->nlmsg_len - NLMSG_HDRLEN - skip), NLMSGERR_ATTR_MSG);
                if (text)
                        nla_strlcpy(s->reason, text, sizeof(s->reason));
        }
        return NL_STOP;
}

int network_socket_new(NetworkSocket **ret, Error *error) {
        _cleanup_(network_socket_freep) NetworkSocket *s = calloc(1, sizeof(*s));
        int on = 1, r;

        if (!s || !(s->nl = nl_socket_alloc()))
                return error_set_errno(error, ENOMEM, "Cannot open a netlink socket");
        r = nl_connect(s->nl, NETLINK_ROUTE);
        if (r < 0)
                return error_set(error, EIO, NULL, "Cannot open a netlink socket: %s", nl_geterror(r));
        /* An old kernel without it only says less. */
        (void) setsockopt(nl_socket_get_fd(s->nl), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
        nl_socket_modify_err_cb(s->nl, NL_CB_CUSTOM, on_error, s);
        *ret = TAKE_PTR(s);
        return 0;
}

NetworkSocket *network_socket_free(NetworkSocket *s) {
        if (!s)
                return NULL;
        nl_socket_free(s->nl);
        free(s);
        return NULL;
}

/* Sends a request and waits for its acknowledgement. A negative errno; the
 * caller says what it was about. Takes the message, which may be NULL. */
static int transact(NetworkSocket *s, struct nl_msg *msg) {
        int r;

        s->errnum = 0;
        s->reason[0] = 0;
        if (!msg)
                return -(s->errnum = ENOMEM);
        r = nl_send_sync(s->nl, msg); /* frees it */
        if (r < 0 && s->errnum == 0)
                s->errnum = r == -NLE_NOMEM ? ENOMEM : EIO;
        return -s->errnum;
}

static const char *reason(const NetworkSocket *s) {
        return s->reason[0] ? s->reason : strerror(s->errnum);
}

int network_link_find(NetworkSocket *s, const char *name, const char *alias, bool *ret_ours, Error *error) {
        _cleanup_link_ struct rtnl_link *link = NULL;
        int r;

        s->errnum = 0;
        r = rtnl_link_get_kernel(s->nl, 0, name, &link);
        if (r < 0) {
                if (s->errnum == ENODEV || r == -NLE_NODEV || r == -NLE_OBJ_NOTFOUND)
                        return 0;
                return error_set(error, s->errnum ?: EIO, NULL, "Cannot look up the interface %s: %s", name,
                                 s->errnum ? reason(s) : nl_geterror(r));
        }
        if (ret_ours) {
                const char *type = rtnl_link_get_type(link);

                *ret_ours = streq_ptr(type, "veth") && streq_ptr(rtnl_link_get_ifalias(link), alias);
        }
        return rtnl_link_get_ifindex(link);
}

static int set_mac(struct rtnl_link *link, const uint8_t *mac) {
        _cleanup_(nl_addr_putp) struct nl_addr *a = nl_addr_build(AF_LLC, mac, ADDRESS_MAC_SIZE);

        if (!a)
                return -ENOMEM;
        rtnl_link_set_addr(link, a);
        return 0;
}

/* Changes the link of this index as "change" says. */
static int change_link(NetworkSocket *s, int index, struct rtnl_link *change) {
        _cleanup_link_ struct rtnl_link *which = rtnl_link_alloc();
        struct nl_msg *msg = NULL;

        if (!which || !change)
                return -(s->errnum = ENOMEM);
        rtnl_link_set_ifindex(which, index);
        if (rtnl_link_build_change_request(which, change, 0, &msg) < 0)
                return -(s->errnum = ENOMEM);
        return transact(s, msg);
}

int network_link_add_pair(NetworkSocket *s, const NetworkPair *pair, Error *error) {
        _cleanup_link_ struct rtnl_link *host = rtnl_link_veth_alloc(), *peer = NULL, *mark = rtnl_link_alloc();
        struct nl_msg *msg = NULL;
        int index, r;

        peer = host ? rtnl_link_veth_get_peer(host) : NULL; /* a reference of our own */
        if (!peer || !mark || set_mac(host, pair->host_mac) < 0 || set_mac(peer, pair->peer_mac) < 0)
                return error_set_errno(error, ENOMEM, "Cannot make the interface %s", pair->host_name);

        rtnl_link_set_name(host, pair->host_name);
        rtnl_link_set_name(peer, pair->peer_name);
        rtnl_link_set_ns_fd(peer, pair->peer_netns);
        if (pair->mtu) {
                rtnl_link_set_mtu(host, pair->mtu);
                rtnl_link_set_mtu(peer, pair->mtu);
        }

        if (rtnl_link_build_add_request(host, NLM_F_CREATE | NLM_F_EXCL, &msg) < 0)
                return error_set_errno(error, ENOMEM, "Cannot make the interface %s", pair->host_name);
        r = transact(s, msg);
        if (r < 0)
                return error_set(error, s->errnum, NULL, "Cannot make the interface %s with its peer %s: %s",
                                 pair->host_name, pair->peer_name, reason(s));

        index = network_link_find(s, pair->host_name, NULL, NULL, error);
        if (index <= 0)
                return index < 0 ? index : error_set(error, ENODEV, NULL, "The interface %s is gone again", pair->host_name);

        /* The kernel takes no alias along with the request that makes a link. */
        rtnl_link_set_ifalias(mark, pair->host_alias);
        r = change_link(s, index, mark);
        if (r < 0) {
                error_set(error, s->errnum, NULL, "Cannot mark the interface %s: %s", pair->host_name, reason(s));
                network_link_delete(s, index, pair->host_name, NULL);
                return r;
        }
        return index;
}

int network_link_up(NetworkSocket *s, int index, const char *name, Error *error) {
        _cleanup_link_ struct rtnl_link *change = rtnl_link_alloc();
        int r;

        if (change)
                rtnl_link_set_flags(change, IFF_UP);
        r = change_link(s, index, change);
        return r < 0 ? error_set(error, s->errnum, NULL, "Cannot bring the interface %s up: %s", name, reason(s)) : 0;
}

int network_link_delete(NetworkSocket *s, int index, const char *name, Error *error) {
        _cleanup_link_ struct rtnl_link *link = rtnl_link_alloc();
        struct nl_msg *msg = NULL;
        int r;

        if (link)
                rtnl_link_set_ifindex(link, index);
        if (!link || rtnl_link_build_delete_request(link, &msg) < 0)
                return error_set_errno(error, ENOMEM, "Cannot remove the interface %s", name);
        r = transact(s, msg);
        if (r < 0 && r != -ENODEV)
                return error_set(error, s->errnum, NULL, "Cannot remove the interface %s: %s", name, reason(s));
        return 0;
}

/* The last address of an IPv4 network, unless it is too small to have one. */
static int set_broadcast(struct rtnl_addr *rtnl, const Address *address) {
        _cleanup_(nl_addr_putp) struct nl_addr *broadcast = NULL;
        uint32_t bits;

        if (address->family != AF_INET || address->prefix == 0 || address->prefix > 30)
                return 0;
        memcpy(&bits, address->bytes, sizeof(bits));
        bits |= htonl(UINT32_MAX >> address->prefix);
        broadcast = nl_addr_build(AF_INET, &bits, sizeof(bits));
        if (!broadcast)
                return -ENOMEM;
        return rtnl_addr_set_broadcast(rtnl, broadcast) < 0 ? -ENOMEM : 0;
}

int network_link_add_address(NetworkSocket *s, int index, const Address *address, Error *error) {
        _cleanup_(rtnl_addr_putp) struct rtnl_addr *rtnl = rtnl_addr_alloc();
        _cleanup_(nl_addr_putp) struct nl_addr *local = nl_addr_build(address->family, address->bytes, address_size(address));
        char text[INET6_ADDRSTRLEN] = "";
        struct nl_msg *msg = NULL;
        int r;

        inet_ntop(address->family, address->bytes, text, sizeof(text));
        if (!rtnl || !local || rtnl_addr_set_local(rtnl, local) < 0 || set_broadcast(rtnl, address) < 0)
                return error_set_errno(error, ENOMEM, "Cannot add the address %s", text);
        rtnl_addr_set_ifindex(rtnl, index);
        rtnl_addr_set_family(rtnl, address->family);
        rtnl_addr_set_prefixlen(rtnl, (int) address->prefix);
        /* The link has two ends and both are ours: nobody can have the address
         * already, and it must be usable before init starts. */
        if (address->family == AF_INET6)
                rtnl_addr_set_flags(rtnl, IFA_F_NODAD);

        if (rtnl_addr_build_add_request(rtnl, NLM_F_EXCL, &msg) < 0)
                return error_set_errno(error, ENOMEM, "Cannot add the address %s", text);
        r = transact(s, msg);
        if (r < 0 && r != -EEXIST) /* given twice */
                return error_set(error, s->errnum, NULL, "Cannot add the address %s/%u: %s", text, address->prefix, reason(s));
        return 0;
}

int network_link_add_gateway(NetworkSocket *s, int index, const Address *gateway, Error *error) {
        static const uint8_t zero[16] = {};
        _cleanup_(rtnl_route_putp) struct rtnl_route *route = rtnl_route_alloc();
        _cleanup_(nl_addr_putp) struct nl_addr *all = nl_addr_build(gateway->family, zero, address_size(gateway));
        _cleanup_(nl_addr_putp) struct nl_addr *via = nl_addr_build(gateway->family, gateway->bytes, address_size(gateway));
        char text[INET6_ADDRSTRLEN] = "";
        struct rtnl_nexthop *hop;
        struct nl_msg *msg = NULL;
        int r;

        inet_ntop(gateway->family, gateway->bytes, text, sizeof(text));
        hop = rtnl_route_nh_alloc();
        if (!route || !all || !via || !hop) {
                rtnl_route_nh_free(hop);
                return error_set_errno(error, ENOMEM, "Cannot add the gateway %s", text);
        }
        nl_addr_set_prefixlen(all, 0);
        rtnl_route_nh_set_ifindex(hop, index);
        rtnl_route_nh_set_gateway(hop, via);
        rtnl_route_add_nexthop(route, hop); /* takes it */
        rtnl_route_set_family(route, (uint8_t) gateway->family);
        rtnl_route_set_dst(route, all);
        rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
        rtnl_route_set_table(route, RT_TABLE_MAIN);
        rtnl_route_set_protocol(route, RTPROT_STATIC);

        if (rtnl_route_build_add_request(route, NLM_F_EXCL, &msg) < 0)
                return error_set_errno(error, ENOMEM, "Cannot add the gateway %s", text);
        r = transact(s, msg);
        if (r == -EEXIST)
                return error_set(error, EEXIST, NULL,
                                 "Cannot add the gateway %s: there is a default route already; give one gateway for IPv4 and one for IPv6", text);
        if (r < 0)
                return error_set(error, s->errnum, NULL, "Cannot add the gateway %s: %s", text, reason(s));
        return 0;
}
