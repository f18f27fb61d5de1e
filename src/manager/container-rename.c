/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How a container gets another name. What it is about to be called is written into its
 * directory; the directory's rename is the one point at which it is; then follow its
 * settings and what else is called after it, each of which may be done twice. A ctrd that
 * comes up undoes what has not come to that point, and finishes what has.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "confinement.h"
#include "container.h"
#include "file.h"
#include "journal-link.h"
#include "manager.h"
#include "name.h"
#include "paths.h"
#include "settings-files.h"
#include "wire.h"

#define INTENT_MAX 1024

static void intent_path(const char *name, char ret[static PATH_MAX]) {
        snprintf(ret, PATH_MAX, PATH_CONTAINERS "/%s/renaming", name);
}

static int intent_write(const char *name, const char *to, Error *error) {
        char path[PATH_MAX];
        WireWriter w;
        int r;

        intent_path(name, path);
        wire_begin(&w);
        wire_put(&w, "FROM", name);
        wire_put(&w, "TO", to);
        r = file_write_atomic(AT_FDCWD, path, w.data, w.size, 0600);
        return r < 0 ? error_set_errno(error, r, "cannot write %s", path) : 0;
}

static void intent_remove(const char *name) {
        char path[PATH_MAX];

        intent_path(name, path);
        if (unlink(path) < 0 && errno != ENOENT)
                sd_journal_print(LOG_WARNING, "Cannot remove %s: %m", path);
}

static int rename_directory(const char *from, const char *to, Error *error) {
        char before[PATH_MAX], after[PATH_MAX];

        snprintf(before, sizeof(before), PATH_CONTAINERS "/%s", from);
        snprintf(after, sizeof(after), PATH_CONTAINERS "/%s", to);
        if (renameat2(AT_FDCWD, before, AT_FDCWD, after, RENAME_NOREPLACE) < 0)
                return error_set_errno(error, errno, "cannot rename %s to %s", before, after);
        return 0;
}

/* What is beside its directory. */
static int rename_rest(const char *from, const char *to, Error *error) {
        int r = settings_files_rename(from, to, error);

        return r < 0 ? r : confinement_rename(from, to, error);
}

/* The whole on disk, all or nothing; *ret_moved: its directory has the new name. */
static int rename_files(const char *from, const char *to, bool *ret_moved, Error *error) {
        _cleanup_error_ Error undo = ERROR_INIT;
        int r = intent_write(from, to, error);

        if (r < 0)
                return r;
        r = rename_directory(from, to, error);
        if (r >= 0) {
                r = rename_rest(from, to, error);
                if (r >= 0) {
                        intent_remove(to);
                        *ret_moved = true;
                        return 0;
                }
                /* As far as it has come. What cannot go back has the new name from here on, as it
                 * would have after the next start of ctrd, which goes on with it. */
                if (rename_rest(to, from, &undo) < 0 || rename_directory(to, from, &undo) < 0) {
                        sd_journal_print(LOG_WARNING, "The renaming of %s to %s is finished at the next start of ctrd: %s", from, to,
                                         error_message(&undo));
                        error_prefix(error, "it is called %s, without all of its settings until ctrd is started again", to);
                        *ret_moved = true;
                        return r;
                }
        }
        intent_remove(from);
        return r;
}

/* Who would look for it in vain. */
static int check_dependents(const Container *c, Error *error) {
        const Container *other;

        MAP_FOREACH(other, &c->manager->containers)
                if (other != c && settings_name_container(other->settings, c->name))
                        return error_set(error, EBUSY, "InUse",
                                         "After=, Requires= or Wants= of container %s name %s: take it out of them first, see \"ctrctl edit %s\"",
                                         other->name, c->name, other->name);
        return 0;
}

static int check(const Container *c, const char *to, Error *error) {
        _cleanup_(settings_freep) Settings *now = NULL;
        int r = name_check(to, error);

        if (r < 0)
                return r;
        if (container_state_is_active(c->state) || c->ending)
                return error_set(error, EBUSY, "Running", "container %s is %s: stop it first, for what runs is called after it", c->name,
                                 container_state_to_string(c->state));
        if (c->job || c->change)
                return error_set(error, EBUSY, "Busy", "container %s is busy: try again when that has ended", c->name);
        /* Starts are asked for by name. */
        if (c->manager->boot)
                return error_set(error, EBUSY, "Busy", "containers are being started, as the host was booted: rename %s afterwards", c->name);
        r = container_check_unused(c, error);
        if (r >= 0)
                r = container_check_vacant(c->manager, to, error);
        if (r >= 0)
                r = check_dependents(c, error);
        if (r < 0)
                return r;
        (void) settings_files_load(c->name, NULL, &now, NULL);
        if (settings_name_container(now ?: c->settings, to))
                return error_set(error, EINVAL, "InvalidSettings",
                                 "After=, Requires= or Wants= of container %s name %s, which it would be itself: take it out of them first",
                                 c->name, to);
        return 0;
}

/* Its address is known to networks, and is that of its first name from here on. */
static int keep_mac(Container *c, Error *error) {
        identity_mac(&c->identity, c->name, c->identity.mac);
        return identity_save(c->name, &c->identity, error);
}

int container_rename(Container *c, const char *to, Error *error) {
        _cleanup_free_ char *name = NULL;
        bool moved = false;
        char *old = c->name;
        int r = check(c, to, error);

        if (r < 0)
                return r;
        name = strdup(to);
        if (!name)
                return -ENOMEM;
        r = keep_mac(c, error);
        if (r >= 0)
                r = container_removal_complete(c->manager, name, error);
        if (r >= 0)
                r = map_put(&c->manager->containers, name, c);
        if (r < 0)
                return r;
        /* Who gives it another name has taken it. */
        bond_forget(c);
        if (confinement_remove(old) < 0)
                sd_journal_print(LOG_WARNING, "The AppArmor profile of %s stays in the kernel until the host is booted again", old);
        r = rename_files(old, name, &moved, error);
        if (!moved) {
                map_remove(&c->manager->containers, name);
                return r;
        }
        journal_link_remove(old, &c->identity);
        sd_journal_print(LOG_INFO, "Container %s is called %s now", old, name);

        /* While it can still be found: what goes with an object is looked up. */
        c->manager->observer->container_removed(c);
        map_remove(&c->manager->containers, old);
        c->name = TAKE_PTR(name);
        free(old);
        container_reload_settings(c);
        c->manager->observer->container_added(c);
        manager_image_users_changed(c->manager, c->identity.image);
        return r;
}

/* Its former name, where its directory has the new one; else *ret is NULL. */
static int intent_read(const char *name, char **ret) {
        _cleanup_free_ char *data = NULL, *from = NULL;
        const char *key, *value;
        char path[PATH_MAX];
        bool moved = false;
        WireReader reader;
        size_t size;
        int r;

        intent_path(name, path);
        r = file_read(AT_FDCWD, path, INTENT_MAX, &data, &size);
        if (r < 0)
                return r;
        wire_read_begin(&reader, data, size);
        while ((r = wire_read_next(&reader, &key, &value)) > 0)
                if (streq(key, "TO"))
                        moved = streq(value, name);
                else if (streq(key, "FROM") && name_is_valid(value) && !from && !(from = strdup(value)))
                        return -ENOMEM;
        *ret = r >= 0 && moved ? TAKE_PTR(from) : NULL;
        return r;
}

static void finish(const char *name) {
        _cleanup_error_ Error error = ERROR_INIT;
        _cleanup_free_ char *from = NULL;
        int r = intent_read(name, &from);

        if (r == -ENOENT)
                return;
        if (from) {
                sd_journal_print(LOG_NOTICE, "The renaming of %s to %s was interrupted and is finished", from, name);
                /* Else they are those of another that has the name now. */
                r = container_is_on_disk(from) ? 0 : rename_rest(from, name, &error);
        } else
                sd_journal_print(LOG_NOTICE, "The renaming of %s was interrupted and is undone", name);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "The renaming of %s cannot be finished: %s", name,
                                 error_is_set(&error) ? error_message(&error) : strerror(-r));
        else
                intent_remove(name);
}

void container_renames_finish(Manager *manager) {
        DIR *dir = opendir(PATH_CONTAINERS);

        if (!dir)
                return;
        for (struct dirent *de; (de = readdir(dir));)
                if (name_is_valid(de->d_name))
                        finish(de->d_name);
        closedir(dir);
}
