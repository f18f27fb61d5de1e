/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "command.h"
#include "creation.h"
#include "criu-options.h"
#include "fd.h"
#include "foreground.h"
#include "log.h"
#include "restore.h"

enum {
        KEY_CONSOLE_SOCKET = CRIU_KEY_MAX,
        KEY_PID_FILE,
        KEY_NO_PIVOT,
        KEY_NO_SUBREAPER,
};

typedef struct RestoreArguments {
        CriuOptions criu;
        const char *bundle, *console_socket, *pid_file;
        bool detach;
} RestoreArguments;

static int handle(int key, const char *value, void *data, Error *error) {
        RestoreArguments *a = data;

        switch (key) {
        case 'b':
                a->bundle = value;
                break;
        case 'd':
                a->detach = true;
                break;
        case KEY_CONSOLE_SOCKET:
                a->console_socket = value;
                break;
        case KEY_PID_FILE:
                a->pid_file = value;
                break;
        case KEY_NO_PIVOT: /* the root is criu's to enter */
        case KEY_NO_SUBREAPER:
                break;
        default:
                return criu_options_parse(&a->criu, key, value, error);
        }
        return 0;
}

static int wait_for_end(Creation *c, Foreground *f, Error *error) {
        _cleanup_error_ Error later = ERROR_INIT;
        int r, status;

        f->master = TAKE_FD(c->master);
        status = foreground_wait(f, c->pidfd, error);
        r = creation_destroy(c->container, c->config, &later);
        if (r < 0)
                log_warning("%s", error_message(&later));
        return status;
}

static int restore(const CommandGlobals *g, const RestoreArguments *a, const char *id, Error *error) {
        Foreground f = FOREGROUND_INIT;
        Creation creation = CREATION_INIT;
        CreationOptions o = {
                .root = g->root,
                .id = id,
                .bundle = a->bundle,
                .pid_file = a->pid_file,
                .console_socket = a->console_socket,
                .cgroup_manager = g->cgroup_manager,
                .relay_terminal = !a->detach,
        };
        int r;

        if (!a->detach && (r = foreground_prepare(&f, error)) < 0)
                return r;
        r = restore_run(&o, &a->criu, &creation, error);
        if (r >= 0 && !a->detach)
                r = wait_for_end(&creation, &f, error);
        foreground_close(&f);
        creation_clear(&creation);
        return r;
}

static int run_restore(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        RestoreArguments a = { .criu = CRIU_OPTIONS_INIT, .bundle = "." };
        const char *id;
        int r;

        r = command_parse(command, argc, argv, handle, &a, error);
        if (r > 0 && (r = command_get_id(command, argc, argv, r, &id, error)) >= 0)
                r = restore(g, &a, id, error);
        criu_options_clear(&a.criu);
        return r;
}

static const CommandOption restore_options[] = {
        { 'b', "bundle", "DIR", "the OCI bundle (default: the working directory)" },
        { 'd', "detach", NULL, "return when the container runs" },
        { KEY_CONSOLE_SOCKET, "console-socket", "PATH", "where the console's master is sent" },
        { KEY_PID_FILE, "pid-file", "FILE", "where the pid of the container's init is written" },
        CRIU_COMMON_OPTIONS,
        { CRIU_KEY_TCP_CLOSE, "tcp-close", NULL, "restore TCP connections as closed ones" },
        { CRIU_KEY_LSM_PROFILE, "lsm-profile", "TYPE:NAME", "another profile (\"apparmor:…\") or label (\"selinux:…\")" },
        { CRIU_KEY_LSM_MOUNT_CONTEXT, "lsm-mount-context", "LABEL", "another SELinux label of mounts" },
        { KEY_NO_PIVOT, "no-pivot", NULL, NULL },
        { KEY_NO_SUBREAPER, "no-subreaper", NULL, NULL },
        {},
};

const Command command_restore = {
        .name = "restore",
        .synopsis = "[OPTION…] ID",
        .help = "Makes a container from the images of a checkpoint; it runs, and its status is exited with.",
        .options = restore_options,
        .run = run_restore,
};
