/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "container.h"
#include "file.h"
#include "launch.h"
#include "manager.h"
#include "paths.h"
#include "strv.h"

Container *container_free(Container *container) {
        if (!container)
                return NULL;

        MonitorLink *link = TAKE_PTR(container->link);
        monitor_link_free(link);
        confinement_load_free(container->profile);
        unit_request_drop(container->unit);
        sd_bus_slot_unref(container->machined);
        sd_event_source_disable_unref(container->timer);
        settings_free(container->settings);
        identity_clear(&container->identity);
        exit_record_clear(&container->exit);
        error_clear(&container->failure);
        free(container->apparmor);
        selinux_contexts_clear(&container->selinux);
        free(container->status_text);
        free(container->name);
        free(container);
        return NULL;
}

#define SETTINGS_FILE_MAX (1024 * 1024)

static int load_file(Settings *settings, const char *path, Error *error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = file_read(AT_FDCWD, path, SETTINGS_FILE_MAX, &text, &size);
        if (r < 0)
                return error_set_errno(error, r, "cannot read %s", path);
        if (strlen(text) != size)
                return error_set(error, EINVAL, "InvalidSettings", "%s has a zero byte in it: it is no text file", path);
        return settings_parse(settings, text, path, TRUST_ADMIN, error);
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

int container_load_settings(const char *name, Settings **ret, Error *error) {
        _cleanup_(settings_freep) Settings *settings = settings_new();
        _cleanup_strv_ char **fragments = NULL;
        char path[PATH_MAX];
        int r;

        if (!settings)
                return -ENOMEM;

        snprintf(path, sizeof(path), PATH_SETTINGS "/%s.conf", name);
        r = load_file(settings, path, error);
        if (r < 0)
                return r;

        snprintf(path, sizeof(path), PATH_SETTINGS "/%s.conf.d", name);
        DIR *dir = opendir(path);
        if (dir) {
                for (struct dirent *de; r >= 0 && (de = readdir(dir));)
                        if (de->d_name[0] != '.' && endswith(de->d_name, ".conf"))
                                r = strv_extendf(&fragments, "%s/%s", path, de->d_name);
                closedir(dir);
        } else if (errno != ENOENT)
                r = error_set_errno(error, errno, "cannot read %s", path);
        if (r < 0)
                return r;
        if (fragments)
                qsort(fragments, strv_length(fragments), sizeof(char *), compare_names);
        STRV_FOREACH(f, fragments) {
                r = load_file(settings, *f, error);
                if (r < 0)
                        return r;
        }

        r = settings_validate(settings, error);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(settings);
        return 0;
}

int container_load(Manager *manager, const char *name, Container **ret, Error *error) {
        _cleanup_(container_freep) Container *container = calloc(1, sizeof(*container));
        _cleanup_error_ Error bad = ERROR_INIT;
        int r;

        if (!container)
                return -ENOMEM;
        container->manager = manager;
        container->exit = EXIT_RECORD_NONE;
        container->name = strdup(name);
        container->status_text = strdup("");
        if (!container->name || !container->status_text)
                return -ENOMEM;

        r = identity_load(name, &container->identity, error);
        if (r < 0)
                return r;
        r = container_load_settings(name, &container->settings, &bad);
        if (r < 0) {
                /* It may be running: it must be seen and can be stopped. A start
                 * says what is wrong. */
                sd_journal_print(LOG_WARNING, "Settings of container %s: %s", name, error_message(&bad));
                container->settings = settings_new();
                if (!container->settings)
                        return -ENOMEM;
        }
        (void) exit_record_load(name, &container->exit);

        bool failed = container->exit.reason == EXIT_START_FAILED || container->exit.reason == EXIT_MONITOR_LOST ||
                      container->exit.reason == EXIT_SIGNALED ||
                      (container->exit.reason == EXIT_EXITED && container->exit.code != 0);
        container->state = failed ? CONTAINER_FAILED : CONTAINER_STOPPED;
        *ret = TAKE_PTR(container);
        return 0;
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
        }
        return true;
}
