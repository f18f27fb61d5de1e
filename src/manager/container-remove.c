/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How a container goes. Its directory is renamed to .gone-NAME, which is the one point
 * at which it is no more; then go its settings, then the directory. A ctrd that
 * comes up does the rest for what is called .gone-NAME before it reads anything.
 */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "confinement.h"
#include "container.h"
#include "journal-link.h"
#include "manager.h"
#include "name.h"
#include "paths.h"
#include "recovery.h"
#include "settings-files.h"

#define GONE_PREFIX ".gone-"

static void gone_path(const char *name, char ret[static PATH_MAX]) {
        snprintf(ret, PATH_MAX, PATH_CONTAINERS "/" GONE_PREFIX "%s", name);
}

int container_removal_complete(Manager *manager, const char *name, Error *error) {
        char gone[PATH_MAX];
        int r;

        gone_path(name, gone);
        r = manager_discard(manager, gone);
        return r < 0 ? error_set_errno(error, r, "cannot remove %s, which is left of an earlier container", gone) : 0;
}

int container_remove_files(Manager *manager, const char *name, const Identity *identity, Error *error) {
        char path[PATH_MAX], gone[PATH_MAX];
        int r;

        snprintf(path, sizeof(path), PATH_CONTAINERS "/%s", name);
        gone_path(name, gone);
        if (rename(path, gone) < 0)
                return error_set_errno(error, errno, "cannot remove %s", path);
        r = settings_files_remove(name, error);
        if (r < 0) {
                if (rename(gone, path) < 0)
                        sd_journal_print(LOG_WARNING, "Cannot rename %s back: %m", gone);
                return r;
        }
        journal_link_remove(name, identity);
        r = manager_discard(manager, gone);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot remove %s before the next start of ctrd: %s", gone, strerror(-r));
        return 0;
}

static void finish_removal(Manager *manager, const char *name) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r = 0;

        if (!name_is_valid(name))
                return;
        sd_journal_print(LOG_NOTICE, "The removal of %s was interrupted and is finished", name);
        /* Else the settings are those of another that has the name now. */
        if (!container_is_on_disk(name))
                r = settings_files_remove(name, &error);
        if (r >= 0)
                r = container_removal_complete(manager, name, &error);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "The removal of %s cannot be finished: %s", name, error_message(&error));
}

void container_removals_finish(Manager *manager) {
        DIR *dir = opendir(PATH_CONTAINERS);

        if (!dir)
                return;
        for (struct dirent *de; (de = readdir(dir));) {
                const char *name = startswith(de->d_name, GONE_PREFIX);

                if (name)
                        finish_removal(manager, name);
        }
        closedir(dir);
}

/* What the files say counts at once, also where it runs and somebody has edited them. */
static int check_protection(const Container *c, Error *error) {
        _cleanup_(settings_freep) Settings *now = NULL;

        (void) settings_files_load(c->name, NULL, &now, NULL);
        if ((now ?: c->settings)->protect)
                return error_set(error, EPERM, "Protected", "container %s is protected: to remove it, \"ctrctl set %s Protected=no\" first",
                                 c->name, c->name);
        return 0;
}

static int remove_now(Container *c, Job *job, Error *error) {
        int r;

        recovery_give_up(c);
        container_event(c, EVENT_REMOVE);
        r = confinement_remove(c->name);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot remove the AppArmor profile of %s: %s", c->name, strerror(-r));
        r = container_remove_files(c->manager, c->name, &c->identity, error);
        if (r < 0) {
                container_event(c, EVENT_FAILED);
                return r;
        }
        sd_journal_print(LOG_INFO, "Container %s removed", c->name);
        /* While it can still be found: what goes with an object is looked up. */
        c->manager->observer->container_removed(c);
        map_remove(&c->manager->containers, c->name);
        manager_image_users_changed(c->manager, c->identity.image);
        container_free(c);
        job_finish(job, NULL);
        return 0;
}

void container_removal_continue(Container *c, Job *job) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r = check_protection(c, &error);

        if (r >= 0)
                r = remove_now(c, job, &error);
        if (r < 0) {
                sd_journal_print(LOG_WARNING, "Cannot remove container %s: %s", c->name, error_message(&error));
                job_finish(job, &error);
        }
}

int container_remove(Container *c, bool force, Job *job, Error *error) {
        int r = check_protection(c, error);

        if (r < 0)
                return r;
        if (!container_state_is_active(c->state) && !c->ending && !c->job) {
                r = container_check_unused(c, error);
                return r < 0 ? r : remove_now(c, job, error);
        }
        if (container_is_queued(c)) {
                if (!force)
                        return error_set(error, EBUSY, "Busy", "container %s is to be started by job %s: cancel it, or remove with force",
                                         c->name, c->job->key);
                r = container_stop(c, 0, false, NULL, error);
                return r < 0 ? r : remove_now(c, job, error);
        }
        if (!container_state_is_active(c->state) && !c->ending)
                return error_set(error, EBUSY, "Busy", "a %s of container %s is under way: try again when it has ended, or cancel it",
                                 c->job->kind, c->name);
        if (!force)
                return error_set(error, EBUSY, "Running", "container %s is %s: stop it first, or remove it with force", c->name,
                                 container_state_to_string(c->state));
        /* Killed at once; the end of the run goes on to container_removal_continue(). */
        return container_stop(c, 1, false, job, error);
}
