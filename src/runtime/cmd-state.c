/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "command.h"
#include "container.h"
#include "fd.h"
#include "json-text.h"
#include "log.h"

static int print_json(const json_t *value, size_t flags, Error *error) {
        _cleanup_free_ char *text = value ? json_text(value, flags) : NULL;

        if (!text)
                return error_set_errno(error, ENOMEM, "printing");
        return puts(text) < 0 ? error_set_errno(error, EIO, "printing") : 0;
}

static int run_state(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        ContainerStatus status;
        const char *id;
        int r;

        r = command_parse(command, argc, argv, command_no_option, NULL, error);
        if (r <= 0)
                return r;
        if ((r = command_get_id(command, argc, argv, r, &id, error)) < 0 ||
            (r = container_load(g->root, id, &c, error)) < 0)
                return r;

        /* Until create is done with it nobody can do anything with it: as with runc and
         * crun there is none yet. */
        status = container_status(c);
        if (status == CONTAINER_CREATING)
                return error_set(error, ENOENT, "NoSuchContainer", "container %s does not exist yet: it is being created", id);
        json_t *state = container_state_json(c, status);
        r = print_json(state, JSON_INDENT(2), error);
        json_decref(state);
        return r;
}

const Command command_state = {
        .name = "state",
        .synopsis = "ID",
        .help = "Prints the state of a container as JSON.",
        .run = run_state,
};

typedef struct ListArguments {
        bool json, quiet;
} ListArguments;

static int handle_list(int key, const char *value, void *data, Error *error) {
        ListArguments *a = data;

        if (key == 'q')
                a->quiet = true;
        else if (streq(value, "json"))
                a->json = true;
        else if (streq(value, "table"))
                a->json = false;
        else
                return error_set(error, EINVAL, COMMAND_USAGE, "--format=%s: \"table\" or \"json\" is wanted", value);
        return 0;
}

static void print_row(const Container *c, ContainerStatus status) {
        char owner[16] = "root";

        if (c->owner != 0)
                snprintf(owner, sizeof(owner), "#%u", c->owner);
        printf("%-24s %-8d %-10s %-40s %-30s %s\n", c->id, status == CONTAINER_STOPPED ? 0 : (int) c->pid,
               container_status_to_string(status), strempty(c->bundle), strempty(c->created), owner);
}

static int list_one(const CommandGlobals *g, const char *id, const ListArguments *a, json_t *array) {
        _cleanup_(container_freep) Container *c = NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        ContainerStatus status;

        if (!container_id_is_valid(id))
                return 0;
        if (a->quiet)
                return puts(id) < 0 ? -EIO : 0;
        if (container_load(g->root, id, &c, &error) < 0) {
                if (error.errnum != ENOENT) /* deleted meanwhile */
                        log_warning("%s: %s", id, error_message(&error));
                return 0;
        }
        status = container_status(c);
        if (a->json)
                json_array_append_new(array, container_state_json(c, status));
        else
                print_row(c, status);
        return 0;
}

static int run_list(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        struct dirent **entries = NULL;
        ListArguments a = {};
        json_t *array;
        int r, n;

        r = command_parse(command, argc, argv, handle_list, &a, error);
        if (r <= 0)
                return r;
        n = scandir(g->root, &entries, NULL, alphasort);
        if (n < 0 && errno != ENOENT)
                return error_set_errno(error, errno, "reading %s", g->root);

        array = json_array();
        if (!a.json && !a.quiet)
                printf("%-24s %-8s %-10s %-40s %-30s %s\n", "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER");
        r = 0;
        for (int i = 0; i < n; i++) {
                if (r >= 0)
                        r = list_one(g, entries[i]->d_name, &a, array);
                free(entries[i]);
        }
        free(entries);
        if (r >= 0 && a.json)
                r = print_json(array, JSON_COMPACT, error); /* one line: some look at it by lines */
        json_decref(array);
        return r < 0 ? error_set_errno(error, r, "listing") : 0;
}

static const CommandOption list_options[] = {
        { 'f', "format", "FORMAT", "\"table\" (default) or \"json\"" },
        { 'q', "quiet", NULL, "ids only" },
        {},
};

const Command command_list = {
        .name = "list",
        .synopsis = "[OPTION…]",
        .help = "Lists the containers below --root.",
        .options = list_options,
        .run = run_list,
};
