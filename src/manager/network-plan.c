/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <stdio.h>

#include "name.h"
#include "network-plan.h"
#include "parse.h"

static const char *const verb_names[_NETWORK_VERB_MAX] = {
        [NETWORK_VERB_UP] = "up",
        [NETWORK_VERB_LOOPBACK] = "loopback",
        [NETWORK_VERB_DOWN] = "down",
};

const char *network_verb_to_string(NetworkVerb verb) {
        return verb >= 0 && verb < _NETWORK_VERB_MAX ? verb_names[verb] : NULL;
}

NetworkVerb network_verb_from_string(const char *s) {
        for (size_t i = 0; i < ELEMENTSOF(verb_names); i++)
                if (streq(s, verb_names[i]))
                        return (NetworkVerb) i;
        return _NETWORK_VERB_INVALID;
}

void network_plan_help(void) {
        puts("ctr-network up|down --name=NAME [OPTIONS]\n"
             "ctr-network loopback [OPTIONS]\n"
             "\n"
             "Connects a container; a hook of its OCI bundle. The container's state, in the\n"
             "form that the OCI runtime specification gives it, is read from standard input.\n"
             "\n"
             "  up        a veth pair: one end here, host0 with its addresses in the container\n"
             "  loopback  only the container's lo\n"
             "  down      remove the end that is here; none there is no error\n"
             "\n"
             "     --name=NAME                the container\n"
             "     --pid=PID                  a process of the container, instead of the state\n"
             "     --host-interface=NAME      name of the end that is here (ve-NAME)\n"
             "     --host-mac=MAC             its MAC address (derived from the name)\n"
             "     --host-address=ADDRESS/N   an address for it; may be repeated\n"
             "     --container-mac=MAC        MAC address of host0 (derived from the name)\n"
             "     --address=ADDRESS/N        an address for host0; may be repeated\n"
             "     --gateway=ADDRESS          where the default route goes; may be repeated\n"
             "     --mtu=BYTES                of both ends\n"
             "     --help");
}

void network_plan_clear(NetworkPlan *plan) {
        free(plan->name);
        *plan = (NetworkPlan){};
}

static int bad(Error *error, const char *option, const char *value, const char *expected) {
        return error_set(error, EINVAL, NULL, "--%s=%.100s is not valid: %s", option, value, expected);
}

/* dev_valid_name() of the kernel, and nothing but printable ASCII. */
static bool interface_is_valid(const char *s) {
        if (isempty(s) || strlen(s) >= IFNAMSIZ || streq(s, ".") || streq(s, ".."))
                return false;
        for (; *s; s++)
                if (*s <= ' ' || *s >= 0x7f || *s == '/' || *s == ':' || *s == '%')
                        return false;
        return true;
}

static int add_address(Address *list, size_t *n, const char *option, const char *value,
                       int (*parse)(const char *, Address *), const char *expected, Error *error) {
        if (*n >= NETWORK_ADDRESSES_MAX)
                return error_set(error, E2BIG, NULL, "--%s is given more than %d times", option, NETWORK_ADDRESSES_MAX);
        if (parse(value, &list[*n]) < 0)
                return bad(error, option, value, expected);
        (*n)++;
        return 0;
}

enum {
        ARG_NAME = 0x100,
        ARG_PID,
        ARG_HOST_INTERFACE,
        ARG_HOST_MAC,
        ARG_HOST_ADDRESS,
        ARG_CONTAINER_MAC,
        ARG_ADDRESS,
        ARG_GATEWAY,
        ARG_MTU,
        ARG_HELP,
};

static const struct option options[] = {
        { "name",           required_argument, NULL, ARG_NAME           },
        { "pid",            required_argument, NULL, ARG_PID            },
        { "host-interface", required_argument, NULL, ARG_HOST_INTERFACE },
        { "host-mac",       required_argument, NULL, ARG_HOST_MAC       },
        { "host-address",   required_argument, NULL, ARG_HOST_ADDRESS   },
        { "container-mac",  required_argument, NULL, ARG_CONTAINER_MAC  },
        { "address",        required_argument, NULL, ARG_ADDRESS        },
        { "gateway",        required_argument, NULL, ARG_GATEWAY        },
        { "mtu",            required_argument, NULL, ARG_MTU            },
        { "help",           no_argument,       NULL, ARG_HELP           },
        {}
};

typedef struct Given {
        bool host_mac, container_mac;
} Given;

static int parse_option(NetworkPlan *plan, Given *given, int option, const char *value, Error *error) {
        static const char with_prefix[] = "write ADDRESS/PREFIX, such as 10.0.0.2/24";
        static const char mac[] = "write six pairs of hexadecimal digits with colons; the first pair must be even";
        uint64_t number;

        switch (option) {
        case ARG_NAME: {
                char *name;

                if (name_check(value, error) < 0)
                        return -EINVAL;
                name = strdup(value);
                if (!name)
                        return error_set_errno(error, ENOMEM, "Cannot read the command line");
                free(plan->name);
                plan->name = name;
                return 0;
        }
        case ARG_PID:
                return parse_pid(value, &plan->pid) < 0 ? bad(error, "pid", value, "give a process id") : 0;
        case ARG_HOST_INTERFACE:
                if (!interface_is_valid(value))
                        return bad(error, "host-interface", value, "use 1 to 15 printable characters other than / : %");
                strcpy(plan->host_interface, value);
                return 0;
        case ARG_HOST_MAC:
                given->host_mac = true;
                return address_parse_mac(value, plan->host_mac) < 0 ? bad(error, "host-mac", value, mac) : 0;
        case ARG_CONTAINER_MAC:
                given->container_mac = true;
                return address_parse_mac(value, plan->container_mac) < 0 ? bad(error, "container-mac", value, mac) : 0;
        case ARG_HOST_ADDRESS:
                return add_address(plan->host_addresses, &plan->n_host_addresses, "host-address", value,
                                   address_parse_prefix, with_prefix, error);
        case ARG_ADDRESS:
                return add_address(plan->addresses, &plan->n_addresses, "address", value, address_parse_prefix,
                                   with_prefix, error);
        case ARG_GATEWAY:
                return add_address(plan->gateways, &plan->n_gateways, "gateway", value, address_parse,
                                   "write an IPv4 or IPv6 address", error);
        case ARG_MTU:
                /* What veth takes: ETH_MIN_MTU to ETH_MAX_MTU of <linux/if_ether.h>. */
                if (parse_uint_max(value, 65535, &number) < 0 || number < 68)
                        return bad(error, "mtu", value, "give a number from 68 to 65535");
                plan->mtu = (unsigned) number;
                return 0;
        default:
                return error_set(error, EINVAL, NULL, "the command line is wrong");
        }
}

int network_plan_parse(NetworkPlan *plan, int argc, char **argv, Error *error) {
        Given given = {};
        int option, r;

        optind = 0; /* GNU: begin anew, for tests that parse more than once */
        opterr = 0;
        while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                if (option == ARG_HELP)
                        return 1;
                if (option == '?')
                        return error_set(error, EINVAL, NULL, "%.100s is no option, or lacks its value", argv[optind - 1]);
                r = parse_option(plan, &given, option, optarg, error);
                if (r < 0)
                        return r;
        }

        if (argc - optind != 1)
                return error_set(error, EINVAL, NULL, "name one thing to do: up, loopback or down");
        plan->verb = network_verb_from_string(argv[optind]);
        if (plan->verb < 0)
                return error_set(error, EINVAL, NULL, "%.100s is nothing to do: say up, loopback or down", argv[optind]);
        if (!plan->name) {
                if (plan->verb == NETWORK_VERB_LOOPBACK)
                        return 0; /* nothing there is called after it */
                return error_set(error, EINVAL, NULL, "--name= is missing");
        }

        if (!*plan->host_interface)
                name_host_interface(plan->name, plan->host_interface);
        if (!given.host_mac)
                name_mac_address(plan->name, "host", plan->host_mac);
        if (!given.container_mac)
                name_mac_address(plan->name, "container", plan->container_mac);
        return 0;
}

const char *network_plan_alias(const NetworkPlan *plan, char buffer[static NETWORK_ALIAS_MAX]) {
        snprintf(buffer, NETWORK_ALIAS_MAX, "ctrd:%s", plan->name);
        return buffer;
}
