/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is installed as ctrctl: runs commands in containers by itself, as quickly as
 * it can be done, and becomes the other program for all else. That one takes more
 * time for loading its libraries than all of a command's way there and back.
 */

#include <stdio.h>
#include <unistd.h>

#include "ctl.h"
#include "full.h"

/* Only what needs no more than the bus: root is asked for no password. */
static bool is_for_us(char **argv) {
        return argv[0] && argv[1] && (streq(argv[1], "exec") || streq(argv[1], "shell")) && geteuid() == 0 &&
               !getenv("DBUS_SYSTEM_BUS_ADDRESS");
}

const Verb *const verbs[] = { &verb_exec, &verb_shell, NULL };

int main(int argc, char **argv) {
        _cleanup_error_ Error error = ERROR_INIT;

        if (is_for_us(argv))
                return ctl_main(argc, argv, NULL);
        (void) full_run(argv, &error);
        fprintf(stderr, "ctrctl: %s\n", error_message(&error));
        return STATUS_FAILURE;
}
