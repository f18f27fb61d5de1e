/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "checkpoint.h"
#include "command.h"
#include "creation.h"
#include "criu-options.h"

static int handle(int key, const char *value, void *data, Error *error) {
        return criu_options_parse(data, key, value, error);
}

/* The container is gone once its processes live in the images. */
static int delete(Container *c, const Config *config, const CriuOptions *o, Error *error) {
        return o->leave_running || o->pre_dump ? 0 : creation_destroy(c, config, error);
}

static int run_checkpoint(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        _cleanup_(config_freep) Config *config = NULL;
        CriuOptions o = CRIU_OPTIONS_INIT;
        const char *id;
        int r;

        r = command_parse(command, argc, argv, handle, &o, error);
        if (r > 0 && (r = command_get_id(command, argc, argv, r, &id, error)) >= 0 &&
            (r = container_load(g->root, id, &c, error)) >= 0 &&
            (r = creation_load_config(c, &config, error)) >= 0 &&
            (r = checkpoint_run(c, config, &o, error)) >= 0)
                r = delete(c, config, &o, error);
        criu_options_clear(&o);
        return r;
}

static const CommandOption checkpoint_options[] = {
        CRIU_COMMON_OPTIONS,
        { CRIU_KEY_LEAVE_RUNNING, "leave-running", NULL, "let the container go on" },
        { CRIU_KEY_PRE_DUMP, "pre-dump", NULL, "write its memory alone, and let it go on" },
        { CRIU_KEY_PARENT_PATH, "parent-path", "DIR", "the pre-dump before, relative to --image-path" },
        { CRIU_KEY_TCP_SKIP_IN_FLIGHT, "tcp-skip-in-flight", NULL, "leave out TCP connections that are being made" },
        { CRIU_KEY_LINK_REMAP, "link-remap", NULL, "allow links to files that are removed" },
        { CRIU_KEY_PAGE_SERVER, "page-server", "ADDRESS:PORT", "where memory is sent instead of into the images" },
        { CRIU_KEY_STATUS_FD, "status-fd", "N", "where a NUL is written when lazy pages can be asked for" },
        {},
};

const Command command_checkpoint = {
        .name = "checkpoint",
        .synopsis = "[OPTION…] ID",
        .help = "Writes a running container to images with criu, and deletes it.",
        .options = checkpoint_options,
        .run = run_checkpoint,
};
