/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cgroup.h"
#include "diagnosis.h"
#include "file.h"
#include "idpool.h"
#include "launcher-call.h"
#include "name.h"
#include "paths.h"
#include "slice.h"

#define LEFT_MAX 64 /* of a kind; more of them say nothing more */
#define FREE_MIN (UINT64_C(1) << 30)

/* Whether something of this name has a reason to be there. */
static bool exists(Manager *manager, const char *name) {
        return map_get(&manager->containers, name) || map_get(&manager->creations, name);
}

static bool runs(Manager *manager, const char *name) {
        Container *c = map_get(&manager->containers, name);

        return c && (container_state_is_active(c->state) || c->ending || c->job);
}

typedef struct Place {
        const char *check, *dir; /* NULL: all slices */
        const char *prefix, *suffix; /* of the entry, around the name of the container */
        bool (*wanted)(Manager *manager, const char *name);
        const char *advice; /* with the directory and the entry */
} Place;

static const Place places[] = {
        { "control groups", NULL, "ctr-", ".scope", runs, "systemctl stop %2$s" },
        { "runtime directories", PATH_RUN, "", "", runs, "rm -r %1$s/%2$s, where nothing uses it" },
        { "files of containers", PATH_CONTAINERS, "", "", exists, "see journalctl -u ctrd.service why %1$s/%2$s was left out" },
        { "settings", PATH_SETTINGS, "", ".conf", exists, "make the container with ctrctl create, or rm %1$s/%2$s" },
        { "settings", PATH_SETTINGS, "", ".conf.d", exists, "make the container with ctrctl create, or rm -r %1$s/%2$s" },
        { "settings", PATH_SETTINGS_RUNTIME, "", ".conf.d", exists, "rm -r %1$s/%2$s" },
};

/* Names of entries are ours to choose, but for those that somebody else has put there:
 * what cannot be a container's is passed over. */
static bool name_of(const Place *p, const char *entry, char name[static NAME_MAX + 1]) {
        const char *begin = startswith(entry, p->prefix);
        size_t n, suffix = strlen(p->suffix);

        if (!begin || !endswith(begin, p->suffix))
                return false;
        n = strlen(begin) - suffix;
        memcpy(name, begin, n);
        name[n] = 0;
        return name_is_valid(name);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* of the table above */
static void add_left(const Place *p, const char *dir, const char *entry, FindingList *l) {
        _cleanup_free_ char *advice = NULL;

        if (asprintf(&advice, p->advice, dir, entry) < 0) {
                advice = NULL;
                return;
        }
        finding_add(l, FINDING_WARNING, p->check, advice, "%s/%s belongs to no container that has a use for it", dir, entry);
}
#pragma GCC diagnostic pop

static void look_in(Manager *manager, const Place *p, const char *dir, unsigned depth, FindingList *l, size_t most) {
        char name[NAME_MAX + 1];
        DIR *d = opendir(dir);

        if (!d)
                return;
        for (struct dirent *de; (de = readdir(d)) && l->n < most;) {
                char below[PATH_MAX];

                if (name_of(p, de->d_name, name) && !p->wanted(manager, name))
                        add_left(p, dir, de->d_name, l);
                else if (!p->dir && depth < SLICE_DEPTH_MAX && endswith(de->d_name, ".slice") &&
                         (size_t) snprintf(below, sizeof(below), "%s/%s", dir, de->d_name) < sizeof(below))
                        look_in(manager, p, below, depth + 1, l, most);
        }
        closedir(d);
}

static void look_for_left(Manager *manager, const Place *p, FindingList *l) {
        look_in(manager, p, p->dir ?: strempty(cgroup_mount_point()), 0, l, l->n + LEFT_MAX);
}

/* Interfaces say in their alias whose they are. */
static void look_at_interfaces(Manager *manager, FindingList *l) {
        DIR *d = opendir("/sys/class/net");
        size_t before = l->n;

        if (!d)
                return;
        for (struct dirent *de; (de = readdir(d)) && l->n - before < LEFT_MAX;) {
                _cleanup_free_ char *alias = NULL, *advice = NULL;
                char path[PATH_MAX];
                const char *name;

                if (!startswith(de->d_name, "ve-"))
                        continue;
                snprintf(path, sizeof(path), "/sys/class/net/%s/ifalias", de->d_name);
                if (file_read_line(AT_FDCWD, path, &alias) < 0 || !(name = startswith(alias, "ctrd:")) || runs(manager, name))
                        continue;
                if (asprintf(&advice, "ip link delete %s", de->d_name) >= 0)
                        finding_add(l, FINDING_WARNING, "interfaces", advice, "%s is of the container %s, which does not run", de->d_name, name);
        }
        closedir(d);
}

/* Roots are mounted where only their monitors see them. ctrd too is in a mount namespace
 * of its own: that of the host is systemd's. */
static void look_at_mounts(FindingList *l) {
        static const char *const below[] = { PATH_RUN "/", PATH_CONTAINERS "/" };
        _cleanup_free_ char *text = NULL;
        size_t before = l->n;
        char *rest;

        if (file_read(AT_FDCWD, "/proc/1/mountinfo", 16 << 20, &text, NULL) < 0)
                return;
        rest = text;
        for (char *line; (line = strsep(&rest, "\n")) && l->n - before < LEFT_MAX;) {
                char where[PATH_MAX];

                if (sscanf(line, "%*s %*s %*s %*s %4095s", where) != 1)
                        continue;
                for (size_t i = 0; i < ELEMENTSOF(below); i++) {
                        _cleanup_free_ char *advice = NULL;

                        if (startswith(where, below[i]) && asprintf(&advice, "umount %s", where) >= 0)
                                finding_add(l, FINDING_WARNING, "mounts", advice, "%s is mounted, where the host sees it", where);
                }
        }
}

static void look_at_journals(FindingList *l) {
        DIR *d = opendir("/var/log/journal");
        size_t before = l->n;

        if (!d)
                return;
        for (struct dirent *de; (de = readdir(d)) && l->n - before < LEFT_MAX;) {
                _cleanup_free_ char *advice = NULL;
                char target[PATH_MAX], container[PATH_MAX];
                ssize_t n = readlinkat(dirfd(d), de->d_name, target, sizeof(target) - 1);
                size_t end;

                if (n <= 0)
                        continue;
                target[n] = 0;
                if (!startswith(target, PATH_CONTAINERS "/"))
                        continue;
                /* A guest need not have a journal yet: its container counts. */
                end = strlen(PATH_CONTAINERS "/");
                end += strcspn(target + end, "/");
                snprintf(container, sizeof(container), "%.*s", (int) end, target);
                if (access(container, F_OK) < 0 && asprintf(&advice, "rm /var/log/journal/%s", de->d_name) >= 0)
                        finding_add(l, FINDING_WARNING, "journals", advice, "/var/log/journal/%s leads to a container that is not there", de->d_name);
        }
        closedir(d);
}

static void look_at_images(Manager *manager, FindingList *l) {
        Container *c;

        MAP_FOREACH(c, &manager->containers) {
                _cleanup_free_ char *advice = NULL;

                if (!map_get(&manager->images, c->identity.image) &&
                    asprintf(&advice, "put it back to " PATH_IMAGES "/%s, then systemctl reload ctrd", c->identity.image) >= 0)
                        finding_add(l, FINDING_WARNING, "images", advice, "image %s of container %s is missing", c->identity.image, c->name);
        }
}

static void on_conflict(const Container *c, const char *with, void *userdata) {
        FindingList *l = userdata;

        finding_add(l, FINDING_WARNING, "id ranges", "set UIDBase= of the container to what is free, or remove the other",
                    "the ids %u to %u of container %s are also those of %s", c->identity.uid_base,
                    c->identity.uid_base + c->identity.uid_count - 1, c->name, with);
}

static void look_at_space(FindingList *l) {
        struct statvfs fs;
        uint64_t left;

        if (statvfs(PATH_CONTAINERS, &fs) < 0 || fs.f_blocks == 0)
                return;
        left = (uint64_t) fs.f_bavail * fs.f_frsize;
        if (left < FREE_MIN && left < (uint64_t) fs.f_blocks * fs.f_frsize / 20)
                finding_add(l, FINDING_WARNING, "space", "remove images and containers that nobody needs, or make the file system larger",
                            "%llu MiB are left for " PATH_CONTAINERS, (unsigned long long) (left >> 20));
        else if (fs.f_files > 0 && fs.f_favail < fs.f_files / 20)
                finding_add(l, FINDING_WARNING, "space", "remove images and containers that nobody needs",
                            "%llu files can be made still in " PATH_CONTAINERS, (unsigned long long) fs.f_favail);
        else
                finding_add(l, FINDING_OK, "space", NULL, "%llu MiB are left for " PATH_CONTAINERS, (unsigned long long) (left >> 20));
}

void diagnose(Manager *manager, FindingList *l) {
        size_t before;

        if (access(LAUNCHER_SOCKET, F_OK) < 0)
                finding_add(l, FINDING_ERROR, "launcher", "systemctl restart ctr-launcher.socket", LAUNCHER_SOCKET " is not there: no container starts");
        else
                finding_add(l, FINDING_OK, "launcher", NULL, "can be asked");
        look_at_space(l);

        before = l->n;
        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                look_for_left(manager, &places[i], l);
        look_at_interfaces(manager, l);
        look_at_mounts(l);
        look_at_journals(l);
        if (l->n == before)
                finding_add(l, FINDING_OK, "leftovers", NULL, "none");

        before = l->n;
        look_at_images(manager, l);
        idpool_find_conflicts(manager, on_conflict, l);
        if (l->n == before)
                finding_add(l, FINDING_OK, "containers", NULL, "%zu, each with its image and with ids of its own", map_size(&manager->containers));
}
