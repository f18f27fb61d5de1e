/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "command.h"
#include "creation.h"
#include "fd.h"
#include "log.h"
#include "notify-socket.h"
#include "start.h"

static int check_created(const Container *c, Error *error) {
        ContainerStatus status = container_status(c);

        if (status != CONTAINER_CREATED)
                return error_set(error, EINVAL, "Busy", "container %s is %s: only a created one can be started", c->id,
                                 container_status_to_string(status));
        return 0;
}

static void wait_for_ready(const Container *c, int notify) {
        _cleanup_fd_ int pidfd = container_pidfd(c, -1);

        /* Who starts what was created stays, and is the main process. */
        if (pidfd >= 0)
                notify_socket_wait(notify, pidfd, 0);
}

static int run_start(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_fd_ int notify = -EBADF;
        const char *id;
        int r;

        r = command_parse(command, argc, argv, command_no_option, NULL, error);
        if (r <= 0)
                return r;
        if ((r = command_get_id(command, argc, argv, r, &id, error)) < 0 ||
            (r = container_load(g->root, id, &c, error)) < 0 ||
            (r = check_created(c, error)) < 0 ||
            (c->needs_config && (r = creation_load_config(c, &config, error)) < 0))
                return r;
        if (config && !config->has_process)
                return error_set(error, EINVAL, "InvalidConfig", "process is missing: there is nothing to start in container %s", id);
        /* Before its program can send anything to it. */
        notify = notify_socket_open(c);
        r = start_container(c, config, error);
        if (r < 0)
                return r;
        /* runtime-spec, "Lifecycle": where one fails the container is stopped. */
        r = config ? creation_run_hooks(config, c, HOOK_POSTSTART, CONTAINER_RUNNING, error) : 0;
        if (r < 0) {
                creation_stop(c);
                return r;
        }
        if (notify >= 0)
                wait_for_ready(c, notify);
        return 0;
}

const Command command_start = {
        .name = "start",
        .synopsis = "ID",
        .help = "Lets the program of a created container run.",
        .run = run_start,
};
