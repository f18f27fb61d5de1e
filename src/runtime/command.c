/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <stdio.h>

#include "command.h"

#define OPTIONS_MAX 32
#define KEY_HELP 'h'

static void print_option(const CommandOption *o) {
        char left[64];
        int n = 0;

        n += o->key < 256 ? snprintf(left, sizeof(left), "-%c%s", o->key, o->name ? ", " : "")
                          : snprintf(left, sizeof(left), "    ");
        if (o->name)
                n += snprintf(left + n, sizeof(left) - (size_t) n, "--%s", o->name);
        if (o->argument)
                snprintf(left + n, sizeof(left) - (size_t) n, "%s%s", o->name ? "=" : " ", o->argument);
        printf("  %-31s %s\n", left, o->help);
}

static bool takes_key(const Command *command, int key) {
        for (const CommandOption *o = command->options; o && o->key != 0; o++)
                if (o->key == key)
                        return true;
        return false;
}

void command_print_help(const Command *command) {
        printf("Usage: ctrrun %s%s%s\n\n%s\n\n", command->name, *command->synopsis ? " " : "", command->synopsis,
               command->help);
        for (const CommandOption *o = command->options; o && o->key != 0; o++)
                if (o->help)
                        print_option(o);
        if (!takes_key(command, KEY_HELP))
                print_option(&(CommandOption){ KEY_HELP, "help", NULL, "show this help" });
}

int command_parse(const Command *command, int argc, char **argv,
                  int (*handle)(int key, const char *value, void *data, Error *error), void *data, Error *error) {
        struct option longs[OPTIONS_MAX + 2] = {};
        char shorts[2 * OPTIONS_MAX + 8], *s = shorts;
        size_t n = 0;

        if (command->in_order)
                *s++ = '+';
        *s++ = ':';
        for (const CommandOption *o = command->options; o && o->key != 0 && n < OPTIONS_MAX; o++) {
                if (o->name)
                        longs[n++] = (struct option){ o->name, o->argument ? required_argument : no_argument, NULL, o->key };
                if (o->key < 256) {
                        *s++ = (char) o->key;
                        if (o->argument)
                                *s++ = ':';
                }
        }
        longs[n] = (struct option){ "help", no_argument, NULL, KEY_HELP };
        if (!takes_key(command, KEY_HELP))
                *s++ = KEY_HELP;
        *s = 0;

        optind = 0;
        opterr = 0;
        for (int key; (key = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
                if (key == '?')
                        return error_set(error, EINVAL, COMMAND_USAGE, "%s: unknown option \"%s\": see ctrrun %s --help",
                                         command->name, argv[optind - 1], command->name);
                /* podman looks for the last words, to learn whether an option is known. */
                if (key == ':')
                        return error_set(error, EINVAL, COMMAND_USAGE,
                                         "%s: option \"%s\" requires an argument: see ctrrun %s --help", command->name,
                                         argv[optind - 1], command->name);
                if (key == KEY_HELP && !takes_key(command, KEY_HELP)) {
                        command_print_help(command);
                        return 0;
                }
                int r = handle(key, optarg, data, error);
                if (r < 0)
                        return r;
        }
        return optind;
}

int command_no_option(int key, const char *value, void *data, Error *error) {
        return 0;
}

int command_get_id(const Command *command, int argc, char **argv, int index, const char **ret, Error *error) {
        if (index >= argc)
                return error_set(error, EINVAL, COMMAND_USAGE, "%s: the container's id is missing: see ctrrun %s --help",
                                 command->name, command->name);
        if (index + 1 < argc)
                return error_set(error, EINVAL, COMMAND_USAGE, "%s: \"%s\" is one word too many: see ctrrun %s --help",
                                 command->name, argv[index + 1], command->name);
        *ret = argv[index];
        return 0;
}
