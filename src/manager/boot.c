/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "boot.h"
#include "file.h"
#include "manager.h"
#include "paths.h"
#include "strv.h"

/* Starts that are under way at a time: a host with a thousand containers is to be of use
 * meanwhile, and none is to run into its StartTimeoutSec= for the others. */
#define STARTS_MAX 32

struct Boot {
        Manager *manager;
        char **names; /* in the order in which they are asked for */
        size_t n_asked, n_pending;
};

Boot *boot_free(Boot *boot) {
        if (!boot)
                return NULL;
        strv_free(boot->names);
        free(boot);
        return NULL;
}

static bool is_down(const Container *c) {
        return !container_state_is_active(c->state) && !c->ending;
}

static void end(Boot *boot) {
        int r = file_write_atomic(AT_FDCWD, PATH_AUTOSTARTED, "", 0, 0600);

        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot write " PATH_AUTOSTARTED ": %s", strerror(-r));
        boot->manager->boot = boot_free(boot);
}

static void go_on(Boot *boot);

/* How it went systemd has logged. */
static void on_started(const Error *error, void *userdata) {
        Boot *boot = userdata;

        boot->n_pending--;
        go_on(boot);
}

static void ask(Boot *boot, const char *name) {
        Container *c = map_get(&boot->manager->containers, name); /* or it was removed */
        char unit[UNIT_NAME_MAX];
        UnitRequest *request;
        int r;

        if (!c || !is_down(c))
                return;
        unit_start_name(name, unit);
        r = unit_start(boot->manager->units, unit, on_started, boot, &request);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot start container %s: %s", name, strerror(-r));
        else
                boot->n_pending++;
}

static void go_on(Boot *boot) {
        while (boot->n_pending < STARTS_MAX && boot->names && boot->names[boot->n_asked])
                ask(boot, boot->names[boot->n_asked++]);
        if (boot->n_pending == 0)
                end(boot);
}

/* After those that it comes after: what is asked for later is not waited for. Circles end,
 * and are refused at the start. */
static int add(Boot *boot, Map *seen, Container *c) {
        int r;

        if (map_get(seen, c->name))
                return 0;
        r = map_put(seen, c->name, c);
        STRV_FOREACH(w, c->settings->after) {
                Container *before = map_get(&boot->manager->containers, *w);

                if (r >= 0 && before)
                        r = add(boot, seen, before);
        }
        return r < 0 || !is_down(c) || !recovery_after_boot(c) ? r : strv_extend(&boot->names, c->name);
}

void boot_begin(Manager *manager) {
        Boot *boot;
        Container *c;
        Map seen = {};
        int r = 0;

        if (access(PATH_AUTOSTARTED, F_OK) >= 0)
                return;
        boot = calloc(1, sizeof(*boot));
        if (!boot)
                return;
        boot->manager = manager;
        manager->boot = boot;
        MAP_FOREACH(c, &manager->containers)
                if (r >= 0)
                        r = add(boot, &seen, c);
        map_clear(&seen);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot start all that Autostart= names: %s", strerror(-r));
        go_on(boot);
}
