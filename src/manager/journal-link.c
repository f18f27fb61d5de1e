/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "fd.h"
#include "journal-link.h"
#include "paths.h"

#define PATH_JOURNALS "/var/log/journal"

static void link_target(const char *name, const Identity *identity, char ret[static PATH_MAX]) {
        snprintf(ret, PATH_MAX, PATH_CONTAINERS "/%s/fs/upper/var/log/journal/%s", name, identity->machine_id);
}

static bool link_is(int dir, const char *link, const char *target) {
        char now[PATH_MAX];
        ssize_t n;

        n = readlinkat(dir, link, now, sizeof(now) - 1);
        if (n < 0)
                return false;
        now[n] = 0;
        return streq(now, target);
}

static void make(const char *name, const Identity *identity) {
        char link[PATH_MAX], target[PATH_MAX];

        snprintf(link, sizeof(link), PATH_JOURNALS "/%s", identity->machine_id);
        link_target(name, identity, target);
        if (symlink(target, link) < 0 && errno != ENOENT && errno != EEXIST)
                sd_journal_print(LOG_NOTICE, "Cannot link the journal of %s: %s", name, strerror(errno));
}

void journal_link_remove(const char *name, const Identity *identity) {
        char link[PATH_MAX], target[PATH_MAX];

        snprintf(link, sizeof(link), PATH_JOURNALS "/%s", identity->machine_id);
        link_target(name, identity, target);
        if (link_is(AT_FDCWD, link, target))
                (void) unlink(link);
}

void journal_link_update(const Container *c) {
        if (c->settings->link_journal == JOURNAL_LINK_GUEST)
                make(c->name, &c->identity);
        else
                journal_link_remove(c->name, &c->identity);
}

/* Whether it leads into a container, and is not that container's. */
static bool is_stale(Manager *manager, int dir, const char *link) {
        char target[PATH_MAX], now[PATH_MAX], name[NAME_MAX + 1];
        const Container *container;
        const char *rest;
        ssize_t n;

        n = readlinkat(dir, link, now, sizeof(now) - 1);
        if (n < 0)
                return false;
        now[n] = 0;
        rest = startswith(now, PATH_CONTAINERS "/");
        if (!rest)
                return false;
        snprintf(name, sizeof(name), "%.*s", (int) strcspn(rest, "/"), rest);
        container = map_get(&manager->containers, name);
        if (!container || !streq(container->identity.machine_id, link))
                return true;
        link_target(container->name, &container->identity, target);
        return !streq(now, target);
}

void journal_links_restore(Manager *manager) {
        Container *container;
        DIR *dir = opendir(PATH_JOURNALS);

        if (!dir)
                return;
        for (struct dirent *de; (de = readdir(dir));)
                if ((de->d_type == DT_LNK || de->d_type == DT_UNKNOWN) && is_stale(manager, dirfd(dir), de->d_name))
                        (void) unlinkat(dirfd(dir), de->d_name, 0);
        closedir(dir);
        MAP_FOREACH(container, &manager->containers)
                journal_link_update(container);
}
