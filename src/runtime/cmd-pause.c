/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup.h"
#include "cgroup-events.h"
#include "command.h"
#include "container.h"
#include "fd.h"

/* A task that waits for a disk or a network file system freezes when that
 * answers. */
#define FREEZE_TIMEOUT_USEC (10 * USEC_PER_SEC)

static int set_frozen(const Container *c, bool frozen, Error *error) {
        _cleanup_fd_ int fd = c->cgroup ? cgroup_open(c->cgroup) : -EBADF;
        _cleanup_error_ Error ignored = ERROR_INIT;
        int r;

        if (fd < 0)
                return error_set(error, EOPNOTSUPP, "NotSupported", "container %s has no cgroup: it cannot be %s", c->id,
                                 frozen ? "paused" : "resumed");
        r = cgroup_set_frozen(fd, frozen, FREEZE_TIMEOUT_USEC);
        if (r >= 0)
                return 0;
        /* Half-way is no state that somebody could do anything with. */
        if (frozen)
                (void) cgroup_set_frozen(fd, false, 0);
        if (r == -ETIMEDOUT)
                return error_set(error, ETIMEDOUT, NULL, "container %s could not be %s within %u s: a process does not react",
                                 c->id, frozen ? "paused" : "resumed", (unsigned) (FREEZE_TIMEOUT_USEC / USEC_PER_SEC));
        return error_set_errno(error, r, "%s container %s", frozen ? "pausing" : "resuming", c->id);
}

static int load(const Command *command, const CommandGlobals *g, int argc, char **argv, Container **ret, Error *error) {
        const char *id;
        int r;

        r = command_parse(command, argc, argv, command_no_option, NULL, error);
        if (r <= 0)
                return r;
        r = command_get_id(command, argc, argv, r, &id, error);
        if (r >= 0)
                r = container_load(g->root, id, ret, error);
        return r < 0 ? r : 1;
}

static int run_pause(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        ContainerStatus status;
        int r;

        r = load(command, g, argc, argv, &c, error);
        if (r <= 0)
                return r;
        status = container_status(c);
        if (status != CONTAINER_RUNNING && status != CONTAINER_CREATED)
                return error_set(error, EINVAL, "Busy", "container %s is %s: only a running or created one can be paused", c->id,
                                 container_status_to_string(status));
        return set_frozen(c, true, error);
}

static int run_resume(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        ContainerStatus status;
        int r;

        r = load(command, g, argc, argv, &c, error);
        if (r <= 0)
                return r;
        status = container_status(c);
        if (status != CONTAINER_PAUSED)
                return error_set(error, EINVAL, "Busy", "container %s is %s: only a paused one can be resumed", c->id,
                                 container_status_to_string(status));
        return set_frozen(c, false, error);
}

const Command command_pause = {
        .name = "pause",
        .synopsis = "ID",
        .help = "Stops all processes of a container where they are.",
        .run = run_pause,
};

const Command command_resume = {
        .name = "resume",
        .synopsis = "ID",
        .help = "Lets the processes of a paused container go on.",
        .run = run_resume,
};
