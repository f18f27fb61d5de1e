/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "network-plan.h"

#define WORDS(...) ((char *[]){ (char *) "ctr-network", __VA_ARGS__ __VA_OPT__(, ) NULL })

static int parse(NetworkPlan *plan, char **argv, Error *error) {
        int argc = 0;

        while (argv[argc])
                argc++;
        return network_plan_parse(plan, argc, argv, error);
}

static void test_defaults(void **state) {
        _cleanup_(network_plan_clear) NetworkPlan plan = {};
        _cleanup_error_ Error error = ERROR_INIT;
        char alias[NETWORK_ALIAS_MAX];

        assert_int_equal(parse(&plan, WORDS((char *) "up", (char *) "--name=web"), &error), 0);
        assert_int_equal(plan.verb, NETWORK_VERB_UP);
        assert_string_equal(plan.host_interface, "ve-web");
        assert_string_equal(network_plan_alias(&plan, alias), "ctrd:web");
        assert_int_equal(plan.host_mac[0] & 3, 2); /* local, of one station */
        assert_memory_not_equal(plan.host_mac, plan.container_mac, ADDRESS_MAC_SIZE);
        assert_int_equal(plan.pid, 0);
}

static void test_all(void **state) {
        _cleanup_(network_plan_clear) NetworkPlan plan = {};
        _cleanup_error_ Error error = ERROR_INIT;

        assert_int_equal(parse(&plan, WORDS((char *) "--name=web", (char *) "--host-interface=x0", (char *) "--host-mac=02:00:00:00:00:01",
                                            (char *) "--container-mac=02:00:00:00:00:02", (char *) "--address=10.0.0.2/24",
                                            (char *) "--address=fd00::2/64", (char *) "--gateway=10.0.0.1", (char *) "--mtu=9000",
                                            (char *) "--host-address=10.0.0.1/24", (char *) "--pid=17", (char *) "up"), &error), 0);
        assert_string_equal(plan.host_interface, "x0");
        assert_int_equal(plan.host_mac[5], 1);
        assert_int_equal(plan.container_mac[5], 2);
        assert_int_equal(plan.n_addresses, 2);
        assert_int_equal(plan.n_gateways, 1);
        assert_int_equal(plan.n_host_addresses, 1);
        assert_int_equal(plan.mtu, 9000);
        assert_int_equal(plan.pid, 17);
}

static void refuse(char **argv) {
        _cleanup_(network_plan_clear) NetworkPlan plan = {};
        _cleanup_error_ Error error = ERROR_INIT;

        assert_true(parse(&plan, argv, &error) < 0);
        assert_true(error_is_set(&error));
}

static void test_refuse(void **state) {
        char *const name = (char *) "--name=web", *const up = (char *) "up";

        refuse(WORDS());
        refuse(WORDS(up));
        refuse(WORDS(name));
        refuse(WORDS(name, up, up));
        refuse(WORDS(name, (char *) "sideways"));
        refuse(WORDS((char *) "--name=../x", up));
        refuse(WORDS(name, up, (char *) "--host-interface=sixteen-letters-"));
        refuse(WORDS(name, up, (char *) "--host-interface="));
        refuse(WORDS(name, up, (char *) "--host-interface=a b"));
        refuse(WORDS(name, up, (char *) "--host-interface=.."));
        refuse(WORDS(name, up, (char *) "--host-mac=03:00:00:00:00:00"));
        refuse(WORDS(name, up, (char *) "--address=10.0.0.2"));
        refuse(WORDS(name, up, (char *) "--gateway=10.0.0.2/24"));
        refuse(WORDS(name, up, (char *) "--mtu=67"));
        refuse(WORDS(name, up, (char *) "--pid=0"));
        refuse(WORDS(name, up, (char *) "--bogus"));
        refuse(WORDS(name, up, (char *) "--mtu"));
}

static void test_verbs(void **state) {
        for (NetworkVerb v = 0; v < _NETWORK_VERB_MAX; v++)
                assert_int_equal(network_verb_from_string(network_verb_to_string(v)), v);
        assert_int_equal(network_verb_from_string("x"), _NETWORK_VERB_INVALID);
        assert_null(network_verb_to_string(_NETWORK_VERB_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_defaults),
                cmocka_unit_test(test_all),
                cmocka_unit_test(test_refuse),
                cmocka_unit_test(test_verbs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
