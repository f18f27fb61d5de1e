/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <sched.h>

#include "command.h"
#include "creation.h"
#include "exec-process.h"
#include "fd.h"
#include "field.h"
#include "file.h"
#include "foreground.h"
#include "log.h"
#include "parse.h"
#include "rootfs.h"
#include "self.h"
#include "socket.h"
#include "strv.h"

enum {
        KEY_CONSOLE_SOCKET = 256,
        KEY_PID_FILE,
        KEY_PRESERVE_FDS,
        KEY_CWD,
        KEY_CGROUP,
        KEY_NO_NEW_PRIVS,
        KEY_APPARMOR,
        KEY_PROCESS_LABEL,
        KEY_IGNORE_PAUSED,
        KEY_NO_SUBREAPER,
};

typedef struct ExecArguments {
        const char *process, *console_socket, *pid_file, *user, *cwd, *cgroup, *apparmor, *label;
        char **env, **caps, **groups;
        uint32_t preserve_fds;
        bool detach, tty, no_new_privileges, ignore_paused;
} ExecArguments;

static int handle(int key, const char *value, void *data, Error *error) {
        ExecArguments *a = data;
        int r = 0;

        switch (key) {
        case 'p':
                a->process = value;
                break;
        case 'd':
                a->detach = true;
                break;
        case 't':
                a->tty = true;
                break;
        case 'u':
                a->user = value;
                break;
        case 'e':
                if (!strchr(value, '='))
                        return error_set(error, EINVAL, COMMAND_USAGE, "--env=%s: NAME=VALUE is wanted", value);
                r = strv_extend(&a->env, value);
                break;
        case 'c':
                r = strv_extend(&a->caps, value);
                break;
        case 'g':
                r = strv_extend(&a->groups, value);
                break;
        case KEY_IGNORE_PAUSED:
                a->ignore_paused = true;
                break;
        case KEY_CONSOLE_SOCKET:
                a->console_socket = value;
                break;
        case KEY_PID_FILE:
                a->pid_file = value;
                break;
        case KEY_CWD:
                a->cwd = value;
                break;
        case KEY_CGROUP:
                a->cgroup = value;
                break;
        case KEY_NO_NEW_PRIVS:
                a->no_new_privileges = true;
                break;
        case KEY_APPARMOR:
                a->apparmor = value;
                break;
        case KEY_PROCESS_LABEL:
                a->label = value;
                break;
        case KEY_PRESERVE_FDS:
                if (parse_u32(value, &a->preserve_fds) < 0 || a->preserve_fds > 4096)
                        return error_set(error, EINVAL, COMMAND_USAGE, "--preserve-fds=%s: a number up to 4096 is wanted",
                                         value);
                break;
        }
        return r < 0 ? error_set_errno(error, r, "exec") : 0;
}

static int parse_user(const char *user, ConfigProcess *p, Error *error) {
        const char *colon = strchr(user, ':');
        char uid[16];
        size_t n = colon ? (size_t) (colon - user) : strlen(user);

        if (n < sizeof(uid)) {
                memcpy(uid, user, n);
                uid[n] = 0;
                if (parse_u32(uid, &p->uid) >= 0 && p->uid != UINT32_MAX &&
                    (!colon || (parse_u32(colon + 1, &p->gid) >= 0 && p->gid != UINT32_MAX))) {
                        p->groups = NULL;
                        p->n_groups = 0;
                        return 0;
                }
        }
        return error_set(error, EINVAL, COMMAND_USAGE, "--user=%s: UID or UID:GID is wanted, as numbers", user);
}

/* What a process object lacks is the container's. */
static void take_defaults(ConfigProcess *p, const ConfigProcess *from, const json_t *given) {
        if (!p->cwd)
                p->cwd = from->cwd;
        if (!p->has_capabilities) {
                p->has_capabilities = from->has_capabilities;
                p->capabilities = from->capabilities;
        }
        if (!p->apparmor_profile)
                p->apparmor_profile = from->apparmor_profile;
        if (!p->selinux_label)
                p->selinux_label = from->selinux_label;
        if (!p->rlimits) {
                p->rlimits = from->rlimits;
                p->n_rlimits = from->n_rlimits;
        }
        if (!p->has_oom_score_adj) {
                p->has_oom_score_adj = from->has_oom_score_adj;
                p->oom_score_adj = from->oom_score_adj;
        }
        if (!p->scheduler.present)
                p->scheduler = from->scheduler;
        if (!p->io_priority.present)
                p->io_priority = from->io_priority;
        if (!p->initial_cpus && !p->final_cpus) {
                p->initial_cpus = from->initial_cpus;
                p->final_cpus = from->final_cpus;
        }
        if (!json_object_get(given, "env"))
                p->env = from->env;
}

static int read_process(const ExecArguments *a, Arena *arena, json_t **ret_document, ConfigProcess *p, Error *error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = file_read(AT_FDCWD, a->process, 16 * 1024 * 1024, &text, &size);
        if (r < 0)
                return error_set_errno(error, r, "reading %s", a->process);
        *ret_document = field_load(text, size, a->process, error);
        if (!*ret_document)
                return -EINVAL;
        return config_parse_process(*ret_document, arena, p, error);
}

/* A config can be long: it is read only where something of it is needed. */
static bool needs_config(const Container *c, const ConfigProcess *p, const json_t *given) {
        return c->exec_defaults || !given || !p->cwd || !p->has_capabilities || !json_object_get(given, "env");
}

static int load_config(const Container *c, const ConfigProcess *p, const json_t *given, Config **ret, Error *error) {
        if (needs_config(c, p, given))
                return creation_load_config(c, ret, error);
        *ret = calloc(1, sizeof(Config));
        return *ret ? 0 : error_set_errno(error, ENOMEM, "exec");
}

/* The container's environment, with what was given in place of what has the
 * same name. */
static int merge_env(const ExecArguments *a, ConfigProcess *p, Arena *arena, Error *error) {
        size_t n = strv_length(p->env), m = strv_length(a->env), used = 0;
        char **env = arena_new(arena, char *, n + m + 1);

        if (!env)
                return error_set_errno(error, ENOMEM, "environment");
        for (size_t i = 0; i < n; i++) {
                bool replaced = false;

                STRV_FOREACH(e, a->env) {
                        size_t length = (size_t) (strchr(*e, '=') - *e) + 1;

                        replaced |= strncmp(*e, p->env[i], length) == 0;
                }
                if (!replaced)
                        env[used++] = p->env[i];
        }
        for (size_t i = 0; i < m; i++)
                env[used++] = a->env[i];
        p->env = env;
        return 0;
}

static int add_groups(const ExecArguments *a, ConfigProcess *p, Arena *arena, Error *error) {
        size_t n = strv_length(a->groups);
        gid_t *groups = arena_new(arena, gid_t, p->n_groups + n);

        if (!groups)
                return error_set_errno(error, ENOMEM, "groups");
        for (size_t i = 0; i < p->n_groups; i++)
                groups[i] = p->groups[i];
        for (size_t i = 0; i < n; i++)
                if (parse_u32(a->groups[i], groups + p->n_groups + i) < 0 || groups[p->n_groups + i] == UINT32_MAX)
                        return error_set(error, EINVAL, COMMAND_USAGE, "--additional-gids=%s: a group's number is wanted",
                                         a->groups[i]);
        p->groups = groups;
        p->n_groups += n;
        return 0;
}

static int add_capabilities(const ExecArguments *a, ConfigProcess *p, Error *error) {
        STRV_FOREACH(name, a->caps) {
                uint64_t set = 0;

                /* runtime-spec: what cannot be granted is a warning. */
                if (!config_capability_add(*name, &set))
                        log_warning("capability %s is not known and left out", *name);
                p->capabilities.bounding |= set;
                p->capabilities.permitted |= set;
                p->capabilities.effective |= set;
                p->has_capabilities = true;
        }
        return 0;
}

/* given: what p was read from, or NULL. */
static int build_process(const ExecArguments *a, const Config *config, char **words, Arena *arena, const json_t *given,
                         ConfigProcess *p, Error *error) {
        int r;

        if (given)
                take_defaults(p, &config->process, given);
        else {
                *p = config->process;
                p->terminal = false;
                p->args = NULL;
                /* As with crun: who comes by exec comes from the host, and says
                 * for itself what it gives up. */
                p->no_new_privileges = false;
        }
        if (*words)
                p->args = words;
        if (!p->args)
                return error_set(error, EINVAL, COMMAND_USAGE, "exec: a command is missing: see ctrrun exec --help");
        p->terminal |= a->tty;
        p->no_new_privileges |= a->no_new_privileges;
        if (a->apparmor)
                p->apparmor_profile = a->apparmor;
        if (a->label)
                p->selinux_label = a->label;
        if (a->cwd)
                p->cwd = a->cwd;
        if (!p->cwd || p->cwd[0] != '/')
                return error_set(error, EINVAL, COMMAND_USAGE, "exec: the working directory must be absolute");
        if (a->user && (r = parse_user(a->user, p, error)) < 0)
                return r;
        if (a->groups && (r = add_groups(a, p, arena, error)) < 0)
                return r;
        if (a->env && (r = merge_env(a, p, arena, error)) < 0)
                return r;
        return add_capabilities(a, p, error);
}

static int set_console(const ExecArguments *a, const ConfigProcess *p, ExecOptions *o, int *ret_relay, Error *error) {
        int ends[2], r;

        o->console_socket = -EBADF;
        if (!p->terminal)
                return a->console_socket
                               ? error_set(error, EINVAL, COMMAND_USAGE, "--console-socket is given, but no terminal is asked for")
                               : 0;
        if (a->console_socket) {
                o->console_socket = console_connect(a->console_socket, error);
                return o->console_socket < 0 ? o->console_socket : 0;
        }
        if (a->detach)
                return error_set(error, EINVAL, COMMAND_USAGE, "a terminal and --detach: use --console-socket, where the terminal is sent");
        r = socket_pair(SOCK_SEQPACKET, ends);
        if (r < 0)
                return error_set_errno(error, r, "socket");
        *ret_relay = ends[0];
        o->console_socket = ends[1];
        return 0;
}

static int execute(const ExecArguments *a, const Container *c, const Config *config, const ConfigProcess *p, Error *error) {
        _cleanup_fd_ int relay = -EBADF;
        ExecProcess process = EXEC_PROCESS_INIT;
        Foreground f = FOREGROUND_INIT;
        ExecOptions o = {
                .process = p,
                .cgroup = a->cgroup,
                .preserve_fds = a->preserve_fds,
                .pid_file = a->pid_file,
        };
        int r;

        r = set_console(a, p, &o, &relay, error);
        if (r >= 0 && !a->detach)
                r = foreground_prepare(&f, error);
        if (r >= 0)
                r = exec_process_start(c, config, &o, &process, error);
        fd_close(o.console_socket);
        if (r >= 0 && relay >= 0)
                r = terminal_receive(relay, &f.master, error);
        if (r >= 0 && !a->detach)
                r = foreground_wait(&f, process.pidfd, error);
        foreground_close(&f);
        if (!a->detach || r < 0)
                exec_process_clear(&process);
        return r;
}

/* A process that joins freezes at once, and whoever waits for it does so for as
 * long as the container is paused. */
static int check_running(const ExecArguments *a, const Container *c, Error *error) {
        ContainerStatus status = a->ignore_paused || !c->cgroup ? CONTAINER_RUNNING : container_status(c);

        return status == CONTAINER_PAUSED
                       ? error_set(error, EINVAL, "Busy", "cannot exec in a paused container: resume %s first, or give --ignore-paused",
                                   c->id)
                       : 0;
}

static int run_exec(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        _cleanup_(config_freep) Config *config = NULL;
        json_t *document = NULL;
        ExecArguments a = {};
        ConfigProcess p;
        Arena arena = {};
        int index, r;

        index = command_parse(command, argc, argv, handle, &a, error);
        if (index <= 0)
                return index;
        if (index >= argc)
                return error_set(error, EINVAL, COMMAND_USAGE, "exec: the container's id is missing: see ctrrun exec --help");
        r = container_load(g->root, argv[index], &c, error);
        if (r >= 0)
                r = check_running(&a, c, error);
        /* Nothing was done yet that must not be done twice. */
        if (r >= 0 && c->exposes_runtime)
                r = self_protect(false, error);
        if (r >= 0 && a.process)
                r = read_process(&a, &arena, &document, &p, error);
        if (r >= 0)
                r = load_config(c, &p, document, &config, error);
        if (r >= 0)
                r = build_process(&a, config, argv + index + 1, &arena, document, &p, error);
        if (r >= 0) {
                p.keep_groups = config_keeps_groups(c->annotations);
                r = execute(&a, c, config, &p, error);
        }
        json_decref(document);
        arena_clear(&arena);
        strv_free(a.env);
        strv_free(a.caps);
        strv_free(a.groups);
        return r;
}

static const CommandOption exec_options[] = {
        { 'p', "process", "FILE", "the process as JSON, in the form of config.json's" },
        { 'd', "detach", NULL, "return when the process runs" },
        { 't', "tty", NULL, "give it a terminal" },
        { KEY_CONSOLE_SOCKET, "console-socket", "PATH", "where the terminal's master is sent" },
        { KEY_PID_FILE, "pid-file", "FILE", "where its pid is written" },
        { 'u', "user", "UID[:GID]", "who it is" },
        { 'g', "additional-gids", "GID", "a group more that it is in" },
        { KEY_CWD, "cwd", "DIR", "where it starts" },
        { 'e', "env", "NAME=VALUE", "an environment variable more" },
        { 'c', "cap", "CAP", "a capability more" },
        { KEY_NO_NEW_PRIVS, "no-new-privs", NULL, "set no_new_privs" },
        { KEY_APPARMOR, "apparmor", "PROFILE", "its AppArmor profile" },
        { KEY_PROCESS_LABEL, "process-label", "LABEL", "its SELinux label" },
        { KEY_CGROUP, "cgroup", "PATH", "its cgroup, below the container's" },
        { KEY_PRESERVE_FDS, "preserve-fds", "N", "hand descriptors 3 to 2+N on" },
        { KEY_IGNORE_PAUSED, "ignore-paused", NULL, "join a paused container too" },
        { KEY_NO_SUBREAPER, "no-subreaper", NULL, NULL },
        {},
};

const Command command_exec = {
        .name = "exec",
        .synopsis = "[OPTION…] ID [COMMAND [ARGUMENT…]]",
        .help = "Runs one more process in a container and exits with its status.",
        .options = exec_options,
        .in_order = true,
        .run = run_exec,
};
