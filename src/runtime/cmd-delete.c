/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>

#include "command.h"
#include "creation.h"
#include "fd.h"
#include "log.h"
#include "process.h"

typedef struct DeleteArguments {
        bool force, regex;
} DeleteArguments;

static int handle(int key, const char *value, void *data, Error *error) {
        DeleteArguments *a = data;

        if (key == 'f')
                a->force = true;
        else
                a->regex = true;
        return 0;
}

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

static int delete_one(const CommandGlobals *g, const char *id, bool force, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_error_ Error ignored = ERROR_INIT;
        ContainerStatus status;
        int r;

        r = container_load(g->root, id, &c, error);
        if (r < 0) {
                /* To force is to want it gone: gone is fine. */
                if (force && error_has_name(error, "NoSuchContainer")) {
                        error_clear(error);
                        return 0;
                }
                return r;
        }
        /* One that was created and never started has run nothing of its own: as
         * with runc and crun it needs no force, which the runtime-spec would want. */
        status = container_status(c);
        if (status != CONTAINER_STOPPED && status != CONTAINER_CREATED && !force)
                return error_set(error, EBUSY, "Busy", "container %s is %s: stop it first, or delete it with --force", id,
                                 container_status_to_string(status));
        r = end_init(c, error);
        if (r < 0)
                return r;
        /* Without its config (a create that was cut off) there are no hooks. */
        if (c->needs_config)
                (void) creation_load_config(c, &config, &ignored);
        return creation_destroy(c, config, error);
}

/* What fails does not keep the others; the first failure is the command's. */
static int delete_matching(const CommandGlobals *g, const char *pattern, bool force, Error *error) {
        struct dirent **entries = NULL;
        regex_t regex;
        int n, r = 0;

        if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
                return error_set(error, EINVAL, COMMAND_USAGE, "delete: \"%s\" is no regular expression", pattern);
        n = scandir(g->root, &entries, NULL, alphasort);
        if (n < 0 && errno != ENOENT)
                r = error_set_errno(error, errno, "reading %s", g->root);
        for (int i = 0; i < n; i++) {
                _cleanup_error_ Error own = ERROR_INIT;
                const char *id = entries[i]->d_name;

                if (container_id_is_valid(id) && regexec(&regex, id, 0, NULL, 0) == 0 &&
                    delete_one(g, id, force, &own) < 0) {
                        if (r >= 0)
                                r = error_move(error, &own);
                        else
                                log_warning("%s", error_message(&own));
                }
                free(entries[i]);
        }
        free(entries);
        regfree(&regex);
        return r;
}

static int run_delete(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        DeleteArguments a = {};
        const char *id;
        int r;

        r = command_parse(command, argc, argv, handle, &a, error);
        if (r <= 0)
                return r;
        r = command_get_id(command, argc, argv, r, &id, error);
        if (r < 0)
                return r;
        return a.regex ? delete_matching(g, id, a.force, error) : delete_one(g, id, a.force, error);
}

static const CommandOption delete_options[] = {
        { 'f', "force", NULL, "kill the container first if it runs" },
        { 'r', "regex", NULL, "ID is a regular expression (regex(7)): all containers that match" },
        {},
};

const Command command_delete = {
        .name = "delete",
        .synopsis = "[OPTION…] ID",
        .help = "Removes what create made of a container that has ended.",
        .options = delete_options,
        .run = run_delete,
};
