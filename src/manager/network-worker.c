/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ctr-network: connects one container, from outside, before its init starts.
 *
 * It runs as a hook of the OCI bundle, so that it happens with any runtime and
 * at each reboot. It ends at once: that it moves into the container's network
 * namespace to talk to the kernel there concerns nobody else. Only that
 * namespace is entered; nothing of the container's files is looked at.
 */

#include <fcntl.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fd.h"
#include "network-link.h"
#include "network-plan.h"
#include "process.h"
#include "procfs.h"

/* States hold the bundle's annotations, so they may be long. */
#define STATE_MAX (1024 * 1024)

/* The pid in the state that an OCI runtime gives its hooks: spec, "State". */
static int read_state_pid(pid_t *ret, Error *error) {
        json_auto_t *state = NULL;
        _cleanup_free_ char *text = NULL;
        json_error_t at;
        json_int_t pid;
        size_t size;
        int r;

        r = fd_read_all(STDIN_FILENO, STATE_MAX, &text, &size);
        if (r < 0)
                return error_set_errno(error, r, "Cannot read the container's state from standard input");
        state = json_loadb(text, size, JSON_REJECT_DUPLICATES, &at);
        if (!state)
                return error_set(error, EINVAL, NULL, "The container's state on standard input is no JSON, line %d: %s", at.line, at.text);
        pid = json_integer_value(json_object_get(state, "pid"));
        if (pid <= 0 || pid > INT32_MAX)
                return error_set(error, EINVAL, NULL, "The container's state on standard input has no \"pid\": this is a hook for createRuntime");
        *ret = (pid_t) pid;
        return 0;
}

/* Opens the network namespace of a process, and makes sure that it is that
 * process's and not the one that we are in: with it, "the container's end"
 * would be the host's own network. */
static int open_netns(pid_t pid, Error *error) {
        _cleanup_fd_ int pidfd = -EBADF, procfs = -EBADF, ns = -EBADF, own = -EBADF;
        struct stat a, b;
        char path[64];
        int r;

        pidfd = process_pidfd(pid);
        if (pidfd < 0)
                return error_set_errno(error, pidfd, "Cannot open process %d of the container", (int) pid);
        procfs = procfs_open();
        if (procfs < 0)
                return error_set_errno(error, procfs, "Cannot open /proc");

        snprintf(path, sizeof(path), "%d/ns/net", (int) pid);
        ns = procfs_openat(procfs, path, O_RDONLY | O_CLOEXEC, true);
        if (ns < 0)
                return error_set_errno(error, ns, "Cannot open the network namespace of process %d", (int) pid);
        own = procfs_openat(procfs, "self/ns/net", O_RDONLY | O_CLOEXEC, true);
        if (own < 0)
                return error_set_errno(error, own, "Cannot open the host's network namespace");

        /* The pid was this process's while the namespace was opened if the
         * pidfd, taken before, still has a process. */
        r = process_signal(pidfd, 0);
        if (r < 0)
                return error_set_errno(error, r, "Process %d of the container ended", (int) pid);
        if (fstat(ns, &a) < 0 || fstat(own, &b) < 0)
                return error_set_errno(error, errno, "Cannot tell the network namespaces apart");
        if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
                return error_set(error, EINVAL, NULL, "Process %d has the host's network and none of its own: Mode=host needs no connection", (int) pid);
        return TAKE_FD(ns);
}

/* A socket in the container's namespace; this process stays in there. */
static int enter(int netns, NetworkSocket **ret, Error *error) {
        if (setns(netns, CLONE_NEWNET) < 0)
                return error_set_errno(error, errno, "Cannot enter the container's network namespace");
        return network_socket_new(ret, error);
}

static int container_netns(const NetworkPlan *plan, Error *error) {
        pid_t pid = plan->pid;
        int r;

        if (pid == 0) {
                r = read_state_pid(&pid, error);
                if (r < 0)
                        return r;
        }
        return open_netns(pid, error);
}

static int bring_up(NetworkSocket *s, const char *name, Error *error) {
        int index = network_link_find(s, name, NULL, NULL, error), r;

        if (index < 0)
                return index;
        if (index == 0)
                return error_set(error, ENODEV, NULL, "The container has no interface %s", name);
        r = network_link_up(s, index, name, error);
        return r < 0 ? r : index;
}

/* The gateway must be on the link, or the kernel says "Nexthop has invalid
 * gateway", which tells nobody what to do. Link-local ones always are. */
static int check_gateway(const NetworkPlan *plan, size_t i, Error *error) {
        const Address *g = &plan->gateways[i];

        if (g->family == AF_INET6 && g->bytes[0] == 0xfe && (g->bytes[1] & 0xc0) == 0x80)
                return 0;
        for (size_t k = 0; k < plan->n_addresses; k++)
                if (address_same_network(&plan->addresses[k], g))
                        return 0;
        return error_set(error, EINVAL, NULL,
                         "Gateway number %zu is in the network of no address: give an Address= whose network holds it", i + 1);
}

/* All of the container's side, from lo to the default routes. */
static int configure_container(const NetworkPlan *plan, int netns, Error *error) {
        _cleanup_(network_socket_freep) NetworkSocket *s = NULL;
        int index, r;

        r = enter(netns, &s, error);
        if (r < 0)
                return r;
        r = bring_up(s, "lo", error);
        if (r < 0)
                return r;
        index = bring_up(s, NETWORK_CONTAINER_INTERFACE, error);
        if (index < 0)
                return index;
        for (size_t i = 0; i < plan->n_addresses; i++) {
                r = network_link_add_address(s, index, &plan->addresses[i], error);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < plan->n_gateways; i++) {
                r = network_link_add_gateway(s, index, &plan->gateways[i], error);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What a crash left may go; what somebody else made may not. */
static int remove_host_end(const NetworkPlan *plan, NetworkSocket *s, Error *error) {
        char alias[NETWORK_ALIAS_MAX];
        bool ours = false;
        int index;

        index = network_link_find(s, plan->host_interface, network_plan_alias(plan, alias), &ours, error);
        if (index <= 0)
                return index;
        if (!ours)
                return error_set(error, EEXIST, NULL,
                                 "The interface %s is not one that ctrd made for %s: remove it with \"ip link delete %s\", or rename the container",
                                 plan->host_interface, plan->name, plan->host_interface);
        return network_link_delete(s, index, plan->host_interface, error);
}

static int configure_host(const NetworkPlan *plan, NetworkSocket *s, int index, Error *error) {
        int r = network_link_up(s, index, plan->host_interface, error);

        for (size_t i = 0; r >= 0 && i < plan->n_host_addresses; i++)
                r = network_link_add_address(s, index, &plan->host_addresses[i], error);
        return r;
}

static int network_up(const NetworkPlan *plan, Error *error) {
        _cleanup_(network_socket_freep) NetworkSocket *s = NULL;
        _cleanup_fd_ int netns = -EBADF;
        char alias[NETWORK_ALIAS_MAX];
        int index, r;

        for (size_t i = 0; i < plan->n_gateways; i++) {
                r = check_gateway(plan, i, error);
                if (r < 0)
                        return r;
        }
        netns = container_netns(plan, error);
        if (netns < 0)
                return netns;
        r = network_socket_new(&s, error); /* in the host's namespace, before we leave it */
        if (r < 0)
                return r;
        r = remove_host_end(plan, s, error);
        if (r < 0)
                return r;

        index = network_link_add_pair(s, &(NetworkPair){
                .host_name = plan->host_interface,
                .host_alias = network_plan_alias(plan, alias),
                .host_mac = plan->host_mac,
                .peer_name = NETWORK_CONTAINER_INTERFACE,
                .peer_mac = plan->container_mac,
                .peer_netns = netns,
                .mtu = plan->mtu,
        }, error);
        if (index < 0)
                return index;

        r = configure_host(plan, s, index, error);
        if (r >= 0)
                r = configure_container(plan, netns, error);
        if (r < 0)
                (void) network_link_delete(s, index, plan->host_interface, NULL); /* with its peer */
        return r;
}

static int network_loopback(const NetworkPlan *plan, Error *error) {
        _cleanup_(network_socket_freep) NetworkSocket *s = NULL;
        _cleanup_fd_ int netns = container_netns(plan, error);
        int r;

        if (netns < 0)
                return netns;
        r = enter(netns, &s, error);
        if (r < 0)
                return r;
        r = bring_up(s, "lo", error);
        return r < 0 ? r : 0;
}

/* The state is of no use here, but a runtime that writes it to a hook that is
 * gone already would see a broken pipe. */
static void drain_state(const NetworkPlan *plan) {
        _cleanup_free_ char *text = NULL;
        size_t size;

        if (plan->pid == 0 && !isatty(STDIN_FILENO))
                (void) fd_read_all(STDIN_FILENO, STATE_MAX, &text, &size);
}

static int network_down(const NetworkPlan *plan, Error *error) {
        _cleanup_(network_socket_freep) NetworkSocket *s = NULL;
        int r;

        drain_state(plan);
        r = network_socket_new(&s, error);
        return r < 0 ? r : remove_host_end(plan, s, error);
}

static int run(const NetworkPlan *plan, Error *error) {
        switch (plan->verb) {
        case NETWORK_VERB_UP:
                return network_up(plan, error);
        case NETWORK_VERB_LOOPBACK:
                return network_loopback(plan, error);
        case NETWORK_VERB_DOWN:
                return network_down(plan, error);
        default:
                return error_set(error, EINVAL, NULL, "There is nothing to do");
        }
}

int main(int argc, char **argv) {
        _cleanup_(network_plan_clear) NetworkPlan plan = {};
        _cleanup_error_ Error error = ERROR_INIT;
        int r;

        r = network_plan_parse(&plan, argc, argv, &error);
        if (r > 0) {
                network_plan_help();
                return EXIT_SUCCESS;
        }
        if (r < 0) {
                fprintf(stderr, "ctr-network: %s; see ctr-network --help\n", error_message(&error));
                return 2;
        }
        r = run(&plan, &error);
        if (r < 0) {
                fprintf(stderr, "ctr-network: %s\n", error_message(&error));
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
