/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <poll.h>
#include <signal.h>

#include "cgroup.h"
#include "command.h"
#include "creation.h"
#include "fd.h"
#include "parse.h"
#include "process.h"

static int handle_flag(int key, const char *value, void *data, Error *error) {
        *(bool *) data = true;
        return 0;
}

/* Every process of the container: cgroup.kill, which nothing can fork away
 * from, for SIGKILL. Other signals go to those that are there now. */
static int kill_all(const Container *c, int sig, Error *error) {
        _cleanup_fd_ int fd = c->cgroup ? cgroup_open(c->cgroup) : -EBADF;
        int r;

        if (fd < 0)
                return error_set(error, EOPNOTSUPP, "NotSupported", "container %s has no cgroup: its processes cannot be told",
                                 c->id);
        r = sig == SIGKILL ? cgroup_kill(fd) : cgroup_signal(fd, sig);
        return r < 0 ? error_set_errno(error, r, "signalling the processes of container %s", c->id) : 0;
}

static int run_kill(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        _cleanup_fd_ int pidfd = -EBADF;
        int index, r, sig = SIGTERM;
        bool all = false;

        index = command_parse(command, argc, argv, handle_flag, &all, error);
        if (index <= 0)
                return index;
        if (index >= argc || index + 2 < argc)
                return error_set(error, EINVAL, COMMAND_USAGE, "kill: an id and one signal are wanted: see ctrrun kill --help");
        if (index + 1 < argc && parse_signal(argv[index + 1], &sig) < 0)
                return error_set(error, EINVAL, COMMAND_USAGE, "kill: \"%s\" is no signal", argv[index + 1]);
        r = container_load(g->root, argv[index], &c, error);
        if (r < 0)
                return r;
        if (all)
                return kill_all(c, sig, error);

        pidfd = container_pidfd(c, -1);
        r = pidfd < 0 ? pidfd : process_signal(pidfd, sig);
        if (r == -ESRCH)
                return error_set(error, ESRCH, "NotRunning", "container %s is not running", c->id);
        return r < 0 ? error_set_errno(error, r, "signalling container %s", c->id) : 0;
}

static const CommandOption kill_options[] = {
        { 'a', "all", NULL, "to every process of the container, not to its init alone" },
        {},
};

const Command command_kill = {
        .name = "kill",
        .synopsis = "[OPTION…] ID [SIGNAL]",
        .help = "Sends a signal (a name or a number; default TERM) to the init of a container.",
        .options = kill_options,
        .run = run_kill,
};

/* A process of the container that hangs in the kernel may take that long. */
#define END_TIMEOUT_MSEC 30000

/* Kills init and waits until it is dead, so that nothing of the container is
 * left when it is deleted. It need not be our child. The init of a pid namespace
 * ends when everybody in it is gone, and who came by exec is so when its parent,
 * out here, has waited for it. */
static int end_init(const Container *c, Error *error) {
        _cleanup_fd_ int pidfd = container_pidfd(c, -1);
        struct pollfd p = { .fd = pidfd, .events = POLLIN };
        int r, k;

        if (pidfd < 0)
                return 0;
        r = process_signal(pidfd, SIGKILL);
        if (r < 0 && r != -ESRCH)
                return error_set_errno(error, r, "killing container %s", c->id);
        do
                k = poll(&p, 1, END_TIMEOUT_MSEC);
        while (k < 0 && errno == EINTR);
        if (k == 0)
                return error_set(error, ETIMEDOUT, NULL,
                                 "the init of container %s was killed but does not end: a process in it does not react, or came "
                                 "by exec and its parent does not wait for it", c->id);
        return 0;
}

static int run_delete(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_error_ Error ignored = ERROR_INIT;
        ContainerStatus status;
        bool force = false;
        const char *id;
        int r;

        r = command_parse(command, argc, argv, handle_flag, &force, error);
        if (r <= 0)
                return r;
        r = command_get_id(command, argc, argv, r, &id, error);
        if (r < 0)
                return r;
        r = container_load(g->root, id, &c, error);
        if (r < 0) {
                /* To force is to want it gone: gone is fine. */
                if (force && error_has_name(error, "NoSuchContainer")) {
                        error_clear(error);
                        return 0;
                }
                return r;
        }
        status = container_status(c);
        if (status != CONTAINER_STOPPED && !force)
                return error_set(error, EBUSY, "Busy", "container %s is %s: stop it first, or delete it with --force", id,
                                 container_status_to_string(status));
        r = end_init(c, error);
        if (r < 0)
                return r;
        /* Without its config (a create that was cut off) there are no hooks. */
        (void) creation_load_config(c, &config, &ignored);
        return creation_destroy(c, config, error);
}

static const CommandOption delete_options[] = {
        { 'f', "force", NULL, "kill the container first if it runs" },
        {},
};

const Command command_delete = {
        .name = "delete",
        .synopsis = "[OPTION…] ID",
        .help = "Removes what create made of a container that has ended.",
        .options = delete_options,
        .run = run_delete,
};
