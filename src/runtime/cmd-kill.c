/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sched.h>
#include <signal.h>

#include "cgroup.h"
#include "cgroup-processes.h"
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
static int kill_init(const Container *c, int sig, Error *error) {
        _cleanup_fd_ int pidfd = container_pidfd(c, -1);
        int r = pidfd < 0 ? pidfd : process_signal(pidfd, sig);

        if (r == -ESRCH)
                return error_set(error, ESRCH, "NotRunning", "container %s is not running", c->id);
        return r < 0 ? error_set_errno(error, r, "signalling container %s", c->id) : 0;
}

static int kill_all(const Container *c, int sig, Error *error) {
        _cleanup_fd_ int fd = c->cgroup ? cgroup_open(c->cgroup) : -EBADF;
        int r;

        /* Nobody is left to be told: not an error, as with runc, whose users end
         * what may be left of a container so. */
        if (container_status(c) == CONTAINER_STOPPED && fd < 0)
                return 0;

        /* Without rights over cgroups: the end of its init is that of a pid
         * namespace. */
        if (!c->cgroup && sig == SIGKILL && (c->namespaces & CLONE_NEWPID))
                return kill_init(c, sig, error);

        if (fd < 0)
                return error_set(error, EOPNOTSUPP, "NotSupported", "container %s has no cgroup: its processes cannot be told",
                                 c->id);
        r = sig == SIGKILL ? cgroup_kill(fd) : cgroup_signal(fd, sig);
        return r < 0 ? error_set_errno(error, r, "signalling the processes of container %s", c->id) : 0;
}

static int run_kill(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        int index, r, sig = SIGTERM;
        bool all = false;

        index = command_parse(command, argc, argv, handle_flag, &all, error);
        if (index <= 0)
                return index;
        if (index >= argc || index + 2 < argc)
                return error_set(error, EINVAL, COMMAND_USAGE, "kill: an id and one signal are wanted: see ctrrun kill --help");
        /* kill(2): 0 asks whether there is somebody. */
        if (index + 1 < argc && streq(argv[index + 1], "0"))
                sig = 0;
        else if (index + 1 < argc && parse_signal(argv[index + 1], &sig) < 0)
                return error_set(error, EINVAL, COMMAND_USAGE, "kill: \"%s\" is no signal", argv[index + 1]);
        r = container_load(g->root, argv[index], &c, error);
        if (r < 0)
                return r;
        return all ? kill_all(c, sig, error) : kill_init(c, sig, error);
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
