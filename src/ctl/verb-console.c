/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <unistd.h>

#include "console.h"
#include "ctl.h"
#include "remote.h"

static int run_console(Ctl *ctl, Options *o, Error *error) {
        ConsoleRequest q = { .keys = "detach", .detached = "detached; it runs on" };
        const char *value;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                q.read_only = true;
        if (code < 0)
                return code;
        r = options_check_rest(o, 1, 1, "the name of a container", error);
        if (r < 0)
                return r;
        if (ctl->host)
                return remote_run(ctl, isatty(STDIN_FILENO), error);
        q.name = options_rest(o)[0];
        return console_run(ctl, &q, error);
}

static const Option options[] = {
        { "read-only", 0x100, NULL, "Look, and do not touch" },
        {}
};

const Verb verb_console = {
        .name = "console",
        .usage = "NAME",
        .states = "running",
        .summary = "Attach to the console of a running container",
        .details = "Any number of people may be attached. Ctrl-] three times within a second detaches;\n"
                   "the container runs on. It stays attached through a reboot.",
        .options = options,
        .run = run_console,
};
