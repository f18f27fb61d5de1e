/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "build.h"
#include "configuration.h"
#include "copy.h"
#include "ephemeral.h"
#include "fd.h"
#include "file.h"
#include "job-store.h"
#include "job-survivor.h"
#include "journal-link.h"
#include "deed.h"
#include "manager.h"
#include "name.h"
#include "paths.h"
#include "process.h"
#include "settings-files.h"
#include "strv.h"

#define TRASH_PREFIX ".trash-" /* no container or image begins with a dot */

int manager_new(sd_event *event, sd_bus *bus, const ManagerObserver *observer, Manager **ret) {
        _cleanup_(manager_freep) Manager *manager = calloc(1, sizeof(*manager));
        int r;

        if (!manager)
                return -ENOMEM;
        manager->event = sd_event_ref(event);
        manager->bus = sd_bus_ref(bus);
        manager->observer = observer;
        configuration_load(&manager->settings);
        r = queue_new(event, &manager->settings.template_builds_max, &manager->build_queue);
        if (r >= 0)
                r = queue_new(event, &manager->settings.running_jobs_max, &manager->start_queue);
        if (r >= 0)
                r = queue_new(event, &manager->settings.running_clones_max, &manager->clone_queue);
        if (r >= 0)
                r = authority_new(bus, &manager->settings, &manager->authority);
        if (r >= 0)
                r = unit_client_new(bus, &manager->units);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(manager);
        return 0;
}

Manager *manager_free(Manager *manager) {
        Container *container;
        Image *image;
        Build *build;
        void *creation;
        Copy *copy;
        Job *job;

        if (!manager)
                return NULL;
        manager->ends = true;
        MAP_FOREACH(copy, &manager->copies)
                copy_free(copy);
        map_clear(&manager->copies);
        manager->templates = template_query_free(manager->templates);
        manager->boot = boot_free(manager->boot);
        MAP_FOREACH(creation, &manager->creations)
                container_creation_abort(creation);
        MAP_FOREACH(build, &manager->builds)
                build_free(build);
        MAP_FOREACH(container, &manager->containers)
                container_free(container);
        MAP_FOREACH(job, &manager->jobs)
                job_free(job);
        MAP_FOREACH(job, &manager->job_results)
                job_free(job);
        queue_free(manager->build_queue);
        queue_free(manager->start_queue);
        queue_free(manager->clone_queue);
        job_store_free(manager->job_store);
        sd_event_source_disable_unref(manager->job_timer);
        sd_event_source_disable_unref(manager->status_timer);
        sd_event_source_disable_unref(manager->mounts);
        sd_event_source_disable_unref(manager->view_timer);
        MAP_FOREACH(image, &manager->images)
                image_free(image);
        while (manager->leases)
                lease_free(manager->leases);
        manager->viewer = viewer_free(manager->viewer);
        map_clear(&manager->creations);
        map_clear(&manager->builds);
        map_clear(&manager->containers);
        map_clear(&manager->jobs);
        map_clear(&manager->job_results);
        map_clear(&manager->images);
        profiles_clear(manager);
        authority_free(manager->authority);
        sd_bus_slot_unref(manager->departures);
        unit_client_free(manager->units);
        sd_bus_unref(manager->bus);
        sd_event_unref(manager->event);
        free(manager);
        return NULL;
}

int manager_find(Manager *manager, const char *name, Container **ret, Error *error) {
        Container *container = map_get(&manager->containers, name);

        if (!container)
                return error_set(error, ENOENT, "NoSuchContainer", "there is no container \"%.80s\": see \"ctrctl list\"", name);
        *ret = container;
        return 0;
}

static int on_child_exit(sd_event_source *source, const siginfo_t *info, void *userdata) {
        sd_event_source_unref(source);
        return 0;
}

void manager_reap(Manager *manager, int pidfd) {
        sd_event_source *source = NULL;

        if (sd_event_add_child_pidfd(manager->event, &source, pidfd, WEXITED, on_child_exit, NULL) >= 0)
                (void) sd_event_source_set_child_pidfd_own(source, true);
        else
                fd_close(pidfd);
}

/* Removes trees in a process of its own, which sd-event reaps. What it could not
 * remove lies in the trash and is tried again when ctrd starts; what it could not begin
 * with, at the next removal too. */
static void spawn_remover(Manager *manager, const char *path) {
        int pidfd, r;

        ProcessSpawn spawn = {
                .path = PATH_REMOVE,
                .argv = (char *[]){ (char *) "ctr-remove", (char *) path, NULL },
                .stdio = { -1, -1, STDERR_FILENO },
        };
        r = process_spawn(&spawn, NULL, &pidfd);
        if (r < 0) {
                sd_journal_print(LOG_WARNING, "Cannot run " PATH_REMOVE ": %s", strerror(-r));
                manager->trash_left = true;
        } else
                manager_reap(manager, pidfd);
}

static void empty_trash(Manager *manager, const char *parent) {
        char path[PATH_MAX];
        DIR *dir = opendir(parent);

        if (!dir)
                return;
        for (struct dirent *de; (de = readdir(dir));) {
                if (!startswith(de->d_name, TRASH_PREFIX))
                        continue;
                snprintf(path, sizeof(path), "%s/%s", parent, de->d_name);
                spawn_remover(manager, path);
        }
        closedir(dir);
}

static void empty_all_trash(Manager *manager) {
        manager->trash_left = false;
        empty_trash(manager, PATH_IMAGES);
        empty_trash(manager, PATH_CONTAINERS);
}

int manager_discard(Manager *manager, const char *path) {
        char trash[PATH_MAX];
        struct stat st;
        int n = (int) (strrchr(path, '/') - path);

        if (lstat(path, &st) < 0)
                return errno == ENOENT ? 0 : -errno;
        /* Beside what it was: a rename does not leave its file system. */
        do
                snprintf(trash, sizeof(trash), "%.*s/" TRASH_PREFIX "%llu", n, path,
                         (unsigned long long) ++manager->last_trash);
        while (access(trash, F_OK) >= 0);
        if (rename(path, trash) < 0)
                return -errno;
        if (manager->trash_left)
                empty_all_trash(manager);
        else
                spawn_remover(manager, trash);
        return 0;
}

size_t manager_image_users(Manager *manager, const char *image, char ***ret_names) {
        char **names = ret_names ? calloc(map_size(&manager->containers) + 1, sizeof(char *)) : NULL;
        Container *container;
        size_t n = 0, k = 0;

        MAP_FOREACH(container, &manager->containers)
                if (streq(container->identity.image, image)) {
                        n++;
                        if (names && (names[k] = strdup(container->name)))
                                k++;
                }
        if (names)
                *ret_names = names;
        return n;
}

void manager_image_users_changed(Manager *manager, const char *id) {
        Image *image = map_get(&manager->images, id);

        if (image)
                manager->observer->image_changed(manager, image);
}

int manager_check_image_unused(Manager *manager, const Image *image, Error *error) {
        _cleanup_strv_ char **users = NULL;
        _cleanup_free_ char *list = NULL;

        if (manager_image_users(manager, image->id, &users) == 0)
                return 0;
        list = strv_join(users, ", ");
        return error_set(error, EBUSY, "InUse", "image %s is used by %s: remove them first", image->id, strempty(list));
}

int manager_remove_image(Manager *manager, Image *image, Error *error) {
        char dir[PATH_MAX];
        int r = manager_check_image_unused(manager, image, error);

        if (r < 0)
                return r;
        snprintf(dir, sizeof(dir), PATH_IMAGES "/%s", image->id);
        r = manager_discard(manager, dir);
        if (r < 0)
                return error_set_errno(error, r, "cannot remove %s", dir);
        /* While it can still be found: what goes with an object is looked up. */
        manager->observer->image_removed(manager, image);
        map_remove(&manager->images, image->id);
        image_free(image);
        return 0;
}

/* The start of ctrd. */

static int make_directories(void) {
        static const struct {
                const char *path;
                mode_t mode;
        } dirs[] = {
                { "/var/lib/ctrd", 0700 }, { PATH_IMAGES, 0700 }, { PATH_CONTAINERS, 0700 },
                { "/run/ctrd", 0711 },     { PATH_RUN, 0711 },    { "/etc/ctrd", 0755 }, { PATH_SETTINGS, 0755 },
        };

        for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
                int r = file_mkdir_parents(dirs[i].path, dirs[i].mode);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Those that are not known yet. tell: somebody listens already. */
static void load_images(Manager *manager, bool tell) {
        DIR *dir = opendir(PATH_IMAGES);

        if (!dir)
                return;
        for (struct dirent *de; (de = readdir(dir));) {
                _cleanup_error_ Error error = ERROR_INIT;
                Image *image;

                if (!name_is_image_id(de->d_name) || map_get(&manager->images, de->d_name))
                        continue;
                if (image_load(de->d_name, &image, &error) < 0)
                        sd_journal_print(LOG_WARNING, "Image %s is left out: %s", de->d_name, error_message(&error));
                else if (map_put(&manager->images, image->id, image) < 0)
                        image_free(image);
                else if (tell)
                        manager->observer->image_added(manager, image);
        }
        closedir(dir);
}

/* What a creation left that did not come to its end. */
static void undo_creation(Manager *manager, const char *name) {
        char path[PATH_MAX];

        if (!name_is_valid(name))
                return;
        sd_journal_print(LOG_NOTICE, "The creation of %s was interrupted and is undone", name);
        /* Settings are written after this; without it they are the administrator's. */
        snprintf(path, sizeof(path), PATH_CONTAINERS "/.new-%s/identity.json", name);
        if (access(path, F_OK) >= 0 && !container_is_on_disk(name))
                settings_files_forget(name);
        snprintf(path, sizeof(path), PATH_CONTAINERS "/.new-%s", name);
        (void) manager_discard(manager, path);
}

static void undo_creations(Manager *manager) {
        DIR *dir = opendir(PATH_CONTAINERS);

        if (!dir)
                return;
        for (struct dirent *de; (de = readdir(dir));) {
                const char *unfinished = startswith(de->d_name, ".new-");

                if (unfinished)
                        undo_creation(manager, unfinished);
        }
        closedir(dir);
}

/* As load_images(). */
static void load_containers(Manager *manager, bool tell) {
        DIR *dir = opendir(PATH_CONTAINERS);

        if (!dir)
                return;
        for (struct dirent *de; (de = readdir(dir));) {
                _cleanup_error_ Error error = ERROR_INIT;
                Container *container;

                if (!name_is_valid(de->d_name) || map_get(&manager->containers, de->d_name))
                        continue;
                if (container_load(manager, de->d_name, &container, &error) < 0)
                        sd_journal_print(LOG_WARNING, "Container %s is left out: %s", de->d_name, error_message(&error));
                else if (map_put(&manager->containers, container->name, container) < 0)
                        container_free(container);
                else if (tell) {
                        manager->observer->container_added(container);
                        journal_link_update(container);
                        manager_image_users_changed(manager, container->identity.image);
                }
        }
        closedir(dir);
}

int manager_load(Manager *manager) {
        Container *container;
        int r;

        r = make_directories();
        if (r < 0)
                return r;
        r = job_store_new(&manager->job_store);
        if (r < 0)
                return r;
        job_store_load(manager->job_store, manager);
        build_clean(manager);
        empty_all_trash(manager);
        (void) file_remove_temporaries(PATH_SETTINGS);
        (void) file_remove_temporaries(PATH_PROFILES);
        undo_creations(manager);
        container_removals_finish(manager);
        container_renames_finish(manager);
        profiles_load(manager, false);
        load_images(manager, false);
        load_containers(manager, false);
        journal_links_restore(manager);
        MAP_FOREACH(container, &manager->containers)
                container_adopt(container);
        return 0;
}

void manager_load_new(Manager *manager) {
        load_images(manager, true);
        load_containers(manager, true);
}

void manager_begin(Manager *manager) {
        Container *container;

        MAP_FOREACH(container, &manager->containers)
                ephemeral_begin(container);
        MAP_FOREACH(container, &manager->containers)
                bond_begin(container);
        job_survivors_settle(manager);
        boot_begin(manager);
        if (!manager->boot)
                MAP_FOREACH(container, &manager->containers)
                        recovery_after_death(container);
}

bool manager_is_settled(Manager *manager) {
        Container *container;

        MAP_FOREACH(container, &manager->containers)
                if (container->adopting || container->ending)
                        return false;
        return true;
}
