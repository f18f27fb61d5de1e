/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "command.h"
#include "log.h"
#include "lsm.h"
#include "self.h"

#define EXIT_USAGE 2

const Command *const commands[] = {
        &command_create, &command_start, &command_run,  &command_exec,     &command_kill, &command_delete,
        &command_state,  &command_list,  &command_ps,   &command_pause,    &command_resume,
        &command_update, &command_events,
        &command_checkpoint, &command_restore, &command_spec, &command_features, NULL,
};

enum {
        KEY_ROOT = 256,
        KEY_LOG,
        KEY_LOG_FORMAT,
        KEY_DEBUG,
        KEY_SYSTEMD_CGROUP,
        KEY_CGROUP_MANAGER,
        KEY_ROOTLESS,
};

static const CommandOption global_options[] = {
        { KEY_ROOT, "root", "DIR", "where the state of containers is kept (default " RUNTIME_ROOT_DEFAULT "; for users $XDG_RUNTIME_DIR/ctrrun)" },
        { KEY_LOG, "log", "FILE", "where errors are written too" },
        { KEY_LOG_FORMAT, "log-format", "FORMAT", "\"text\" (default) or \"json\"" },
        { KEY_DEBUG, "debug", NULL, "tell more" },
        { KEY_CGROUP_MANAGER, "cgroup-manager", "NAME", "\"cgroupfs\" (default), \"systemd\" or \"disabled\"" },
        { KEY_SYSTEMD_CGROUP, "systemd-cgroup", NULL, "the same as --cgroup-manager=systemd" },
        { KEY_ROOTLESS, "rootless", "WORD", "\"auto\" (default), \"true\" or \"false\": whether rights over the host are missing" },
        { 'v', "version", NULL, "show the version" },
        { 'h', "help", NULL, "show this help" },
        {},
};

static void print_help(void) {
        const Command all = {
                .name = "[OPTION…] COMMAND",
                .synopsis = "…",
                .help = "An OCI runtime: runs containers from bundles.",
                .options = global_options,
        };

        command_print_help(&all);
        printf("\nCommands (each with its own --help):\n");
        for (const Command *const *c = commands; *c; c++)
                printf("  %-10s %s\n", (*c)->name, (*c)->help);
}

static void print_version(void) {
        /* The last line is for those who look there what crun was built with. */
        printf("ctrrun version %s\ncommit: v%s\nspec: %s\n+SYSTEMD%s%s +CAP +SECCOMP +EBPF +CRIU\n", CTRD_VERSION, CTRD_VERSION, OCI_VERSION,
               selinux_is_supported() ? " +SELINUX" : "", apparmor_is_supported() ? " +APPARMOR" : "");
}

static int handle(int key, const char *value, CommandGlobals *g, Error *error) {
        switch (key) {
        case KEY_ROOT:
                g->root = value;
                break;
        case KEY_LOG:
                g->log = value;
                break;
        case KEY_LOG_FORMAT:
                if (!streq(value, "json") && !streq(value, "text"))
                        return error_set(error, EINVAL, COMMAND_USAGE, "--log-format=%s: \"text\" or \"json\" is wanted", value);
                g->log_json = streq(value, "json");
                break;
        case KEY_DEBUG:
                g->debug = true;
                break;
        case KEY_SYSTEMD_CGROUP:
                g->cgroup_manager = CGROUP_MANAGER_SYSTEMD;
                break;
        case KEY_CGROUP_MANAGER:
                g->cgroup_manager = cgroup_manager_from_string(value);
                if (g->cgroup_manager < 0)
                        return error_set(error, EINVAL, COMMAND_USAGE,
                                         "--cgroup-manager=%s: \"cgroupfs\", \"systemd\" or \"disabled\" is wanted", value);
                break;
        case KEY_ROOTLESS:
                g->rootless = rootless_mode_from_string(value);
                if (g->rootless < 0)
                        return error_set(error, EINVAL, COMMAND_USAGE, "--rootless=%s: \"auto\", \"true\" or \"false\" is wanted",
                                         value);
                break;
        default:
                return error_set(error, EINVAL, COMMAND_USAGE, "unknown option: see ctrrun --help");
        }
        return 0;
}

/* The options before the command. Returns the index of the command, 0 when
 * all is done, or a negative errno. */
static int parse_globals(int argc, char **argv, CommandGlobals *g, Error *error) {
        struct option longs[ELEMENTSOF(global_options) + 1] = {};
        size_t n = 0;

        for (const CommandOption *o = global_options; o->key != 0; o++)
                longs[n++] = (struct option){ o->name, o->argument ? required_argument : no_argument, NULL, o->key };
        opterr = 0;
        for (int key; (key = getopt_long(argc, argv, "+:vh", longs, NULL)) != -1;) {
                if (key == 'h') {
                        print_help();
                        return 0;
                }
                if (key == 'v') {
                        print_version();
                        return 0;
                }
                if (key == '?' || key == ':')
                        return error_set(error, EINVAL, COMMAND_USAGE, "%s \"%s\": see ctrrun --help",
                                         key == '?' ? "unknown option" : "a value is missing for", argv[optind - 1]);
                int r = handle(key, optarg, g, error);
                if (r < 0)
                        return r;
        }
        if (optind >= argc)
                return error_set(error, EINVAL, COMMAND_USAGE, "a command is missing: see ctrrun --help");
        return optind;
}

static int run(int argc, char **argv, Error *error) {
        CommandGlobals globals = {};
        int index, r;

        index = parse_globals(argc, argv, &globals, error);
        if (index <= 0)
                return index;
        r = log_setup(globals.log, globals.log_json, globals.debug, streq(argv[index], "exec"), error);
        if (r < 0)
                return r;
        if (!globals.root && (r = rootless_state_root(&globals.root, error)) < 0)
                return r;
        for (const Command *const *c = commands; *c; c++)
                if (streq(argv[index], (*c)->name))
                        return (*c)->run(*c, &globals, argc - index, argv + index, error);
        return error_set(error, EINVAL, COMMAND_USAGE, "unknown command \"%s\": see ctrrun --help", argv[index]);
}

int main(int argc, char **argv) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r;

        /* Our memory, and that of the children until their execve(2), is
         * nothing that a process of a container may look into or trace: also
         * where it has the same uid (CVE-2016-9962, CVE-2019-5736). */
        (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);

        /* What the kernel gave us is as random as what would be read for it
         * from /dev/urandom. */
        json_object_seed(*(const size_t *) getauxval(AT_RANDOM));
        self_setup(argv);
        r = run(argc, argv, &error);
        if (r >= 0)
                return fflush(stdout) == 0 ? r : 1;
        if (!error_is_set(&error))
                error_set_errno(&error, r, "failed");
        log_error(&error);
        return error_has_name(&error, COMMAND_USAGE) ? EXIT_USAGE : 1;
}
