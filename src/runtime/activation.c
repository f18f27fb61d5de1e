/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <unistd.h>

#include "activation.h"
#include "parse.h"

#define LISTEN_FDS_MAX 4096

int activation_take(Config *c, Error *error) {
        const char *fds = getenv("LISTEN_FDS"), *pid, *names;
        uint32_t n, owner;
        int r;

        if (!fds || parse_u32(fds, &n) < 0 || n == 0 || n > LISTEN_FDS_MAX)
                return 0;
        /* Without a LISTEN_PID they were handed on by a program that knew whom it
         * started: runc's and crun's users do so. */
        pid = getenv("LISTEN_PID");
        if (pid && (parse_u32(pid, &owner) < 0 || owner != (uint32_t) getpid()))
                return 0;
        names = getenv("LISTEN_FDNAMES");
        r = config_set_env(c, "LISTEN_FDS", "%u", n);
        /* As it sees itself. In a pid namespace that is there already nobody knows
         * yet who it will be. */
        if (r >= 0 && config_new_namespace(c, NAMESPACE_PID))
                r = config_set_env(c, "LISTEN_PID", "1");
        if (r >= 0 && names)
                r = config_set_env(c, "LISTEN_FDNAMES", "%s", names);
        return r < 0 ? error_set_errno(error, r, "handing LISTEN_FDS on") : (int) n;
}
