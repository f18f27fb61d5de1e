/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/socket.h>

#include "address.h"

static void test_parse(void **state) {
        Address a;

        assert_int_equal(address_parse("10.0.0.2", &a), 0);
        assert_int_equal(a.family, AF_INET);
        assert_int_equal(a.prefix, 32);
        assert_int_equal(address_size(&a), 4);
        assert_int_equal(address_parse_prefix("fd00::2/64", &a), 0);
        assert_int_equal(a.family, AF_INET6);
        assert_int_equal(a.prefix, 64);
        assert_int_equal(a.bytes[15], 2);
        assert_int_equal(address_parse_prefix("0.0.0.0/0", &a), 0);

        static const char *const bad[] = {
                "", "/", "10.0.0.2", "10.0.0.2/", "10.0.0.2/33", "10.0.0.2/-1", "10.0.0.2/24 ", "10.0.0/24", "::/129", "x/1",
                "default", "10.0.0.2/+1",
        };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(address_parse_prefix(bad[i], &a), -EINVAL);
        assert_int_equal(address_parse("10.0.0.2/24", &a), -EINVAL);
}

static bool same(const char *network, const char *address) {
        Address a, b;

        assert_int_equal(address_parse_prefix(network, &a), 0);
        assert_int_equal(address_parse(address, &b), 0);
        return address_same_network(&a, &b);
}

static void test_text(void **state) {
        static const char *const texts[] = {
                "10.0.0.2/24", "0.0.0.0/0", "255.255.255.255/32", "::/0", "fd00::2/64",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "::ffff:255.255.255.255/128",
        };
        char buffer[ADDRESS_TEXT_MAX];
        Address a;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                assert_int_equal(address_parse_prefix(texts[i], &a), 0);
                assert_string_equal(address_to_string(&a, buffer), texts[i]);
        }
}

static void test_network(void **state) {
        assert_true(same("10.0.0.2/24", "10.0.0.254"));
        assert_false(same("10.0.0.2/24", "10.0.1.1"));
        assert_true(same("10.0.0.2/23", "10.0.1.1"));
        assert_true(same("10.0.0.2/0", "192.0.2.1"));
        assert_false(same("10.0.0.2/32", "10.0.0.3"));
        assert_true(same("fd00::2/64", "fd00::1"));
        assert_false(same("fd00::2/64", "fd00:0:0:1::1"));
        assert_false(same("10.0.0.2/0", "fd00::1"));
}

static void test_mac(void **state) {
        char text[ADDRESS_MAC_TEXT_MAX];
        uint8_t mac[ADDRESS_MAC_SIZE] = {};

        assert_int_equal(address_parse_mac("02:0a:5E:10:00:ff", mac), 0);
        assert_memory_equal(mac, "\x02\x0a\x5e\x10\x00\xff", 6);
        assert_string_equal(address_format_mac(mac, text), "02:0a:5e:10:00:ff");
        static const char *const bad[] = {
                "", "02", "02:00:00:00:00", "02:00:00:00:00:0", "02:00:00:00:00:00:", "02:00:00:00:00:00:00", "01:00:00:00:00:00",
                "2:00:00:00:00:00", "02-00-00-00-00-00", "0x:00:00:00:00:00", " 2:00:00:00:00:00",
        };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(address_parse_mac(bad[i], mac), -EINVAL);
        assert_memory_equal(mac, "\x02\x0a\x5e\x10\x00\xff", 6);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse),
                cmocka_unit_test(test_text),
                cmocka_unit_test(test_network),
                cmocka_unit_test(test_mac),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
