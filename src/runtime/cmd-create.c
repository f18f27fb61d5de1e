/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "command.h"
#include "creation.h"
#include "fd.h"
#include "foreground.h"
#include "log.h"
#include "notify-socket.h"
#include "parse.h"

enum {
        KEY_CONSOLE_SOCKET = 256,
        KEY_PID_FILE,
        KEY_PRESERVE_FDS,
        KEY_NO_PIVOT,
        KEY_NO_NEW_KEYRING,
        KEY_KEEP,
        KEY_NO_SUBREAPER,
};

#define COMMON_OPTIONS                                                                                        \
        { 'b', "bundle", "DIR", "the OCI bundle (default: the working directory)" },                          \
        { 'f', "config", "FILE", "the config, seen from the bundle (default: config.json)" },                \
        { KEY_CONSOLE_SOCKET, "console-socket", "PATH", "where the console's master is sent" },               \
        { KEY_PID_FILE, "pid-file", "FILE", "where the pid of the container's init is written" },             \
        { KEY_PRESERVE_FDS, "preserve-fds", "N", "hand descriptors 3 to 2+N on" },                            \
        { KEY_NO_PIVOT, "no-pivot", NULL, "chroot instead of pivot_root, for a root on a ramdisk" },          \
        { KEY_NO_NEW_KEYRING, "no-new-keyring", NULL, "keep the caller's session keyring" }

typedef struct CreateArguments {
        const char *bundle, *config, *console_socket, *pid_file;
        uint32_t preserve_fds;
        bool no_pivot, no_new_keyring, detach, keep;
} CreateArguments;

static int handle(int key, const char *value, void *data, Error *error) {
        CreateArguments *a = data;

        switch (key) {
        case 'b':
                a->bundle = value;
                break;
        case 'f':
                a->config = value;
                break;
        case KEY_CONSOLE_SOCKET:
                a->console_socket = value;
                break;
        case KEY_PID_FILE:
                a->pid_file = value;
                break;
        case KEY_PRESERVE_FDS:
                if (parse_u32(value, &a->preserve_fds) < 0 || a->preserve_fds > 4096)
                        return error_set(error, EINVAL, COMMAND_USAGE, "--preserve-fds=%s: a number up to 4096 is wanted",
                                         value);
                break;
        case KEY_NO_PIVOT:
                a->no_pivot = true;
                break;
        case KEY_NO_NEW_KEYRING:
                a->no_new_keyring = true;
                break;
        case 'd':
                a->detach = true;
                break;
        case KEY_KEEP:
                a->keep = true;
                break;
        }
        return 0;
}

static int prepare(const Command *command, const CommandGlobals *g, int argc, char **argv, CreateArguments *a,
                   CreationOptions *o, Error *error) {
        int index, r;

        *a = (CreateArguments){ .bundle = "." };
        index = command_parse(command, argc, argv, handle, a, error);
        if (index <= 0)
                return index;
        *o = (CreationOptions){
                .root = g->root,
                .bundle = a->bundle,
                .config = a->config,
                .pid_file = a->pid_file,
                .console_socket = a->console_socket,
                .preserve_fds = a->preserve_fds,
                .no_pivot = a->no_pivot,
                .no_new_keyring = a->no_new_keyring,
                .cgroup_manager = g->cgroup_manager,
                .rootless = g->rootless,
        };
        r = command_get_id(command, argc, argv, index, &o->id, error);
        if (r < 0)
                return r;
        return r < 0 ? r : 1;
}

static int run_create(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        Creation creation = CREATION_INIT;
        CreationOptions o;
        CreateArguments a;
        int r;

        r = prepare(command, g, argc, argv, &a, &o, error);
        if (r <= 0)
                return r;
        r = creation_run(&o, &creation, error);
        creation_clear(&creation);
        return r;
}

static int wait_for_end(Creation *c, Foreground *f, Error *error) {
        f->master = TAKE_FD(c->master);
        return foreground_wait(f, c->pidfd, error);
}

static int go(Creation *c, Error *error) {
        int r = creation_go(c, error);

        return r < 0 ? r : creation_run_hooks(c->config, c->container, HOOK_POSTSTART, CONTAINER_RUNNING, error);
}

static int run_run(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_error_ Error later = ERROR_INIT;
        Foreground f = FOREGROUND_INIT;
        Creation creation = CREATION_INIT;
        CreationOptions o;
        CreateArguments a;
        int r, status;

        r = prepare(command, g, argc, argv, &a, &o, error);
        if (r <= 0)
                return r;
        o.at_once = true;
        o.relay_terminal = !a.detach;
        if (!a.detach && (r = foreground_prepare(&f, error)) < 0)
                return r;
        r = creation_run(&o, &creation, error);
        if (r < 0)
                return r;

        f.notify = notify_socket_open(creation.container);
        status = go(&creation, error);
        if (status >= 0 && a.detach && f.notify >= 0)
                notify_socket_wait(f.notify, creation.pidfd, creation.container->pid);
        if (status >= 0 && !a.detach)
                status = wait_for_end(&creation, &f, error);
        foreground_close(&f);
        if (status < 0 || (!a.detach && !a.keep)) {
                r = creation_destroy(creation.container, creation.config, &later);
                if (r < 0)
                        log_warning("%s", error_message(&later));
        }
        creation_clear(&creation);
        return status;
}

static const CommandOption create_options[] = { COMMON_OPTIONS, {} };

const Command command_create = {
        .name = "create",
        .synopsis = "[OPTION…] ID",
        .help = "Makes a container from an OCI bundle. Its init is set up and waits for `start`.",
        .options = create_options,
        .run = run_create,
};

static const CommandOption run_options[] = {
        COMMON_OPTIONS,
        { 'd', "detach", NULL, "return when the container runs" },
        { KEY_KEEP, "keep", NULL, "do not delete the container when it has ended" },
        { KEY_NO_SUBREAPER, "no-subreaper", NULL, NULL },
        {},
};

const Command command_run = {
        .name = "run",
        .synopsis = "[OPTION…] ID",
        .help = "Makes and starts a container, waits for its end, deletes it and exits with its status.",
        .options = run_options,
        .run = run_run,
};
