/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "boot-progress.h"
#include "container.h"
#include "fd.h"
#include "file.h"
#include "journal-link.h"
#include "launch.h"
#include "manager.h"
#include "paths.h"
#include "reload.h"
#include "settings-change.h"
#include "strv.h"
#include "view.h"

Container *container_free(Container *container) {
        if (!container)
                return NULL;

        MonitorLink *link = TAKE_PTR(container->link);
        monitor_link_free(link);
        journal_forward_drop(&container->forward);
        confinement_load_free(container->profile);
        unit_request_drop(container->unit);
        sd_bus_slot_unref(container->machined);
        sd_event_source_disable_unref(container->timer);
        sd_event_source_disable_unref(container->stop_timer);
        settings_change_free(container->change);
        recovery_clear(&container->recovery);
        bond_clear(&container->bond);
        settings_free(container->settings);
        identity_clear(&container->identity);
        exit_record_clear(&container->exit);
        error_clear(&container->failure);
        free(container->apparmor);
        selinux_contexts_clear(&container->selinux);
        free(container->status_text);
        free(container->boot_target);
        free(container->boot_progress);
        strv_free(container->addresses);
        free(container->name);
        free(container);
        return NULL;
}

int container_load(Manager *manager, const char *name, Container **ret, Error *error) {
        _cleanup_(container_freep) Container *container = calloc(1, sizeof(*container));
        _cleanup_error_ Error bad = ERROR_INIT;
        int r;

        if (!container)
                return -ENOMEM;
        container->manager = manager;
        container->exit = EXIT_RECORD_NONE;
        container->forward = JOURNAL_FORWARD_INIT;
        container->name = strdup(name);
        container->status_text = strdup("");
        if (!container->name || !container->status_text)
                return -ENOMEM;

        r = identity_load(name, &container->identity, error);
        if (r < 0)
                return r;
        r = settings_files_load(name, NULL, &container->settings, &bad);
        if (r < 0) {
                /* It may be running: it must be seen and can be stopped. A start
                 * says what is wrong. */
                sd_journal_print(LOG_WARNING, "Settings of container %s: %s", name, error_message(&bad));
                container->settings = settings_new();
                if (!container->settings)
                        return -ENOMEM;
        }
        (void) exit_record_load(name, &container->exit);
        recovery_load(container);

        bool failed = container->exit.reason == EXIT_START_FAILED || container->exit.reason == EXIT_MONITOR_LOST ||
                      container->exit.reason == EXIT_SIGNALED ||
                      (container->exit.reason == EXIT_EXITED && container->exit.code != 0);
        container->state = failed ? CONTAINER_FAILED : CONTAINER_STOPPED;
        *ret = TAKE_PTR(container);
        return 0;
}

int container_check_unknown(Manager *manager, const char *name, Error *error) {
        return map_get(&manager->containers, name) || map_get(&manager->creations, name)
                       ? error_set(error, EEXIST, "Exists", "there is a container %s already: remove it, or choose another name", name)
                       : 0;
}

int container_check_vacant(Manager *manager, const char *name, Error *error) {
        int r = container_check_unknown(manager, name, error);

        if (r >= 0 && container_is_on_disk(name))
                r = error_set(error, EEXIST, "Exists", PATH_CONTAINERS "/%s exists already: remove it, or choose another name", name);
        return r < 0 ? r : settings_files_check_vacant(name, error);
}

/* While it runs its monitor asks for the same lock, before it mounts anything. */
int container_check_files(const Container *container, Error *error) {
        _cleanup_fd_ int fd = -EBADF;
        char path[PATH_MAX];

        snprintf(path, sizeof(path), PATH_CONTAINERS "/%s/fs", container->name);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK)
                return error_set(error, EBUSY, "Busy",
                                 "files of container %s are being copied by a worker that does not end: try again when it has, or kill it (ctr-archive)",
                                 container->name);
        return 0;
}

int container_check_unused(const Container *container, Error *error) {
        if (container->clones > 0)
                return error_set(error, EBUSY, "Busy", "container %s is being cloned: try again when that has ended", container->name);
        return container_check_files(container, error);
}

bool container_is_on_disk(const char *name) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), PATH_CONTAINERS "/%s", name);
        return access(path, F_OK) >= 0;
}

/* Tells what of the new ones is a property. */
void container_take_settings(Container *c, Settings *settings) {
        Settings *old = c->settings;
        bool same = streq_ptr(old->description, settings->description) && streq_ptr(old->runtime, settings->runtime) &&
                    old->network_mode == settings->network_mode && strv_equal(old->addresses, settings->addresses) &&
                    old->user_namespace == settings->user_namespace && old->autostart == settings->autostart &&
                    old->restart == settings->restart && strv_equal(old->owners, settings->owners) &&
                    strv_equal(old->profiles, settings->profiles);

        c->settings = settings;
        settings_free(old);
        if (!same)
                container_changed(c, "Description", "Runtime", "Network", "Addresses", "UserNamespace", "Privileged", "Autostart",
                                  "RestartPolicy", "Owner", "Profiles", NULL);
        recovery_settings_changed(c);
        journal_link_update(c);
}

void container_set_addresses(Container *c, const char *text) {
        _cleanup_strv_ char **addresses = NULL;

        if (text && strv_split(text, " ", &addresses) < 0)
                return;
        if (!!text == c->addresses_known && strv_equal(addresses, c->addresses))
                return;
        strv_free(c->addresses);
        c->addresses = TAKE_PTR(addresses);
        c->addresses_known = text;
        container_changed(c, "Addresses", NULL);
}

void container_reload_settings(Container *c) {
        Settings *settings;

        if (!container_state_is_active(c->state) && settings_files_load(c->name, NULL, &settings, NULL) >= 0)
                container_take_settings(c, settings);
}

int container_launch(Container *container, Launch *ret, char *dir, size_t dir_size, Error *error) {
        Image *image = map_get(&container->manager->images, container->identity.image);

        if (!image)
                return error_set(error, ENOENT, "NoSuchImage",
                                 "image %s of container %s is missing: it must be put back to %s/%s",
                                 container->identity.image, container->name, PATH_IMAGES, container->identity.image);
        launch_dir(container->name, dir, dir_size);
        *ret = (Launch){
                .name = container->name,
                .settings = container->settings,
                .identity = &container->identity,
                .image = image,
                .dir = dir,
                .apparmor = container->apparmor,
                .selinux = container->selinux,
        };
        return 0;
}

void container_changed(Container *container, ...) {
        char *names[16];
        size_t n = 0;
        va_list ap;

        va_start(ap, container);
        for (char *name; n + 1 < ELEMENTSOF(names) && (name = va_arg(ap, char *));)
                names[n++] = name;
        va_end(ap);
        names[n] = NULL;
        container->manager->observer->container_changed(container, names);
}

bool container_event(Container *container, ContainerEvent event) {
        ContainerState next = container_state_next(container->state, event);

        if (next < 0)
                return false;
        if (next != container->state) {
                container->state = next;
                container_changed(container, "State", NULL);
                boot_progress_update(container);
                manager_status_changed(container->manager);
                if (next == CONTAINER_RUNNING)
                        view_retry(container);
        }
        return true;
}
