/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <unistd.h>

#include "full.h"

#define FULL CTRD_LIBEXEC_DIR "/ctrctl-bus"

int full_run(char **argv, Error *error) {
        signal(SIGPIPE, SIG_DFL); /* what is ignored is inherited */
        execv(FULL, argv);
        return error_set_errno(error, errno, "Cannot execute " FULL);
}
