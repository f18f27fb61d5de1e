/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "ephemeral.h"
#include "file.h"
#include "manager.h"
#include "paths.h"

static void marker_path(const Container *c, char ret[static PATH_MAX]) {
        snprintf(ret, PATH_MAX, PATH_CONTAINERS "/%s/ephemeral", c->name);
}

static bool is_marked(const Container *c) {
        char path[PATH_MAX];

        marker_path(c, path);
        return access(path, F_OK) >= 0;
}

void ephemeral_run_began(Container *c) {
        char path[PATH_MAX];
        int r;

        if (!c->settings->ephemeral || is_marked(c))
                return;
        marker_path(c, path);
        r = file_write_atomic(AT_FDCWD, path, "", 0, 0600);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot write %s: %s", path, strerror(-r));
}

bool ephemeral_run_ended(Container *c) {
        if (unit_host_goes_down(c->manager->units))
                return false;
        if (c->settings->ephemeral && c->exit.reason != EXIT_START_FAILED)
                return true;
        ephemeral_forget(c);
        return false;
}

void ephemeral_forget(Container *c) {
        char path[PATH_MAX];

        marker_path(c, path);
        if (unlink(path) < 0 && errno != ENOENT)
                sd_journal_print(LOG_WARNING, "Cannot remove %s: %m", path);
}

void ephemeral_begin(Container *c) {
        if (container_state_is_active(c->state) || c->ending || !is_marked(c))
                return;
        if (c->settings->ephemeral)
                container_removal_continue(c, NULL);
        else
                ephemeral_forget(c);
}
