/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <net/if.h>

#include "fd.h"
#include "netlink.h"
#include "test.h"

static void attributes(void **state) {
        struct ifinfomsg info = { .ifi_index = 7 };
        const struct rtattr *a;
        NetlinkMessage m;

        netlink_begin(&m, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
        assert_int_equal(netlink_header(&m)->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
        netlink_begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
        assert_int_equal(netlink_header(&m)->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);

        netlink_begin(&m, RTM_NEWLINK, 0, &info, sizeof(info));
        assert_int_equal(netlink_header(&m)->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
        netlink_add_string(&m, IFLA_IFNAME, "eth0");
        netlink_add_u32(&m, IFLA_MTU, 1400);
        netlink_add(&m, IFLA_ADDRESS, NULL, 0);
        assert_int_equal(((const struct ifinfomsg *) netlink_fixed(netlink_header(&m)))->ifi_index, 7);
        a = netlink_find(netlink_header(&m), sizeof(info), IFLA_IFNAME);
        assert_non_null(a);
        assert_string_equal(RTA_DATA(a), "eth0");
        a = netlink_find(netlink_header(&m), sizeof(info), IFLA_MTU);
        assert_non_null(a);
        assert_int_equal(*(const uint32_t *) RTA_DATA(a), 1400);
        a = netlink_find(netlink_header(&m), sizeof(info), IFLA_ADDRESS);
        assert_non_null(a);
        assert_int_equal(RTA_PAYLOAD(a), 0);
        assert_null(netlink_find(netlink_header(&m), sizeof(info), IFLA_LINK));
        /* Shorter than its own fixed part: nothing is found, nothing is read. */
        netlink_header(&m)->nlmsg_len = NLMSG_HDRLEN;
        assert_null(netlink_find(netlink_header(&m), sizeof(info), IFLA_IFNAME));
}

static void what_does_not_fit(void **state) {
        _cleanup_fd_ int fd = netlink_open(NETLINK_ROUTE);
        struct ifinfomsg info = {};
        char much[NETLINK_MESSAGE_MAX] = "";
        NetlinkMessage m;

        netlink_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
        netlink_add(&m, IFLA_IFNAME, much, sizeof(much));
        assert_int_equal(netlink_request(fd, &m, NULL, NULL), -E2BIG);
        netlink_begin(&m, RTM_GETLINK, 0, much, sizeof(much));
        assert_int_equal(netlink_request(fd, &m, NULL, NULL), -E2BIG);
}

static int count(const struct nlmsghdr *answer, void *arg) {
        unsigned *n = arg;

        (*n)++;
        return 0;
}

static int refuse(const struct nlmsghdr *answer, void *arg) {
        return -EUCLEAN;
}

static void requests(void **state) {
        _cleanup_fd_ int fd = netlink_open(NETLINK_ROUTE);
        struct ifinfomsg info = {};
        NetlinkMessage m;
        unsigned n = 0;

        assert_true(fd >= 0);
        netlink_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
        netlink_add_string(&m, IFLA_IFNAME, "lo");
        assert_int_equal(netlink_request(fd, &m, count, &n), 0);
        assert_int_equal(n, 1);

        netlink_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
        netlink_add_string(&m, IFLA_IFNAME, "nosuch0");
        assert_int_equal(netlink_request(fd, &m, count, &n), -ENODEV);
        assert_int_equal(n, 1);

        netlink_begin(&m, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
        assert_int_equal(netlink_request(fd, &m, count, &n), 0);
        assert_true(n >= 2);
        netlink_begin(&m, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
        assert_int_equal(netlink_request(fd, &m, refuse, NULL), -EUCLEAN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(attributes),
                T(what_does_not_fit),
                T(requests),
        };

        return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
