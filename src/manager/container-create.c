/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How a container comes into being; container-remove.c is how it goes.
 *
 * While it is being made its directory is called .new-NAME; the rename to NAME
 * is the one point at which it exists. A ctrd that comes up removes what is
 * called .new-NAME, and the settings file that was written with it.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "build.h"
#include "clock.h"
#include "container.h"
#include "file.h"
#include "idpool.h"
#include "journal-link.h"
#include "manager.h"
#include "name.h"
#include "paths.h"
#include "settings-files.h"
#include "reload.h"
#include "strv.h"

typedef struct Creation {
        Manager *manager;
        char *name;
        Settings *settings;
        Job *job;
        BuildWaiter *build;
} Creation;

static Creation *creation_free(Creation *creation) {
        if (!creation)
                return NULL;
        map_remove(&creation->manager->creations, creation->name);
        build_waiter_drop(creation->build);
        settings_free(creation->settings);
        free(creation->name);
        free(creation);
        return NULL;
}

void container_creation_abort(void *creation) {
        creation_free(creation);
}

static void creation_finish(Creation *creation, const Error *error) {
        Job *job = creation->job;

        creation_free(creation);
        job_finish(job, error);
}

/* One that was renamed has kept the address that its first name gives. */
static void avoid_mac(Manager *manager, const char *name, Identity *identity) {
        uint8_t own[ADDRESS_MAC_SIZE], taken[ADDRESS_MAC_SIZE];
        const Container *c;

        identity_mac(identity, name, own);
        MAP_FOREACH(c, &manager->containers) {
                identity_mac(&c->identity, c->name, taken);
                if (memcmp(own, taken, sizeof(own)) == 0) {
                        name_mac_address(identity->machine_id, "container", identity->mac);
                        break;
                }
        }
}

static int make_identity(Creation *creation, const Image *image, Identity *ret, Error *error) {
        const Settings *s = creation->settings;
        _cleanup_free_ char *id = NULL;
        char text[SD_ID128_STRING_MAX];
        Identity identity = {};
        sd_id128_t random;
        int r;

        if (!s->machine_id && !image->machine_id) {
                r = sd_id128_randomize(&random);
                if (r < 0)
                        return r;
                sd_id128_to_string(random, text);
        } else
                snprintf(text, sizeof(text), "%s", s->machine_id ?: image->machine_id);

        r = idpool_assign(creation->manager, creation->name, s, &identity, error);
        if (r >= 0)
                r = selinux_assign(creation->manager, creation->name, &identity, error);
        if (r < 0)
                return r;
        identity.machine_id = strdup(text);
        identity.image = strdup(image->id);
        identity.created_usec = now_usec(CLOCK_REALTIME);
        if (image->template && image->variant && asprintf(&id, "%s/%s", image->template, image->variant) < 0)
                id = NULL;
        identity.template = TAKE_PTR(id);
        if (!identity.machine_id || !identity.image) {
                identity_clear(&identity);
                return -ENOMEM;
        }
        avoid_mac(creation->manager, creation->name, &identity);
        *ret = identity;
        return 0;
}

static int write_settings(const char *name, const Settings *settings, Error *error) {
        _cleanup_free_ char *text = NULL;
        char path[PATH_MAX];
        int r;

        r = file_mkdir_parents(PATH_SETTINGS, 0755);
        if (r >= 0)
                r = settings_format(settings, &text);
        if (r < 0)
                return error_set_errno(error, r, "cannot make %s", PATH_SETTINGS);
        snprintf(path, sizeof(path), PATH_SETTINGS "/%s.conf", name);
        /* Settings may name secrets' places; they are for root. */
        r = file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600);
        if (r < 0)
                return error_set_errno(error, r, "cannot write %s", path);
        return 0;
}

/* Everything on disk, up to and with the rename. On failure nothing is left. */
static int creation_write(Creation *creation, const Identity *identity, Error *error) {
        char fresh[PATH_MAX], path[PATH_MAX], conf[PATH_MAX], final[PATH_MAX], hidden[NAME_MAX_LENGTH + 8];
        int r;

        snprintf(hidden, sizeof(hidden), ".new-%s", creation->name);
        snprintf(fresh, sizeof(fresh), PATH_CONTAINERS "/%s", hidden);
        snprintf(final, sizeof(final), PATH_CONTAINERS "/%s", creation->name);
        snprintf(conf, sizeof(conf), PATH_SETTINGS "/%s.conf", creation->name);

        if (access(conf, F_OK) >= 0 || access(final, F_OK) >= 0)
                return error_set(error, EEXIST, "Exists", "%s exists already: remove it, or choose another name",
                                 access(conf, F_OK) >= 0 ? conf : final);

        r = container_removal_complete(creation->manager, creation->name, error);
        if (r >= 0)
                r = manager_discard(creation->manager, fresh);
        if (r >= 0)
                r = mkdir(fresh, 0700) < 0 ? -errno : 0;
        if (r >= 0) {
                snprintf(path, sizeof(path), "%s/fs", fresh);
                r = mkdir(path, 0755) < 0 ? -errno : 0;
        }
        if (r >= 0) {
                snprintf(path, sizeof(path), "%s/fs/upper", fresh);
                r = mkdir(path, 0755) < 0 ? -errno : 0;
        }
        if (r >= 0) {
                snprintf(path, sizeof(path), "%s/fs/work", fresh);
                r = mkdir(path, 0755) < 0 ? -errno : 0;
        }
        if (r >= 0)
                r = identity_save(hidden, identity, error);
        if (r >= 0)
                r = write_settings(creation->name, creation->settings, error);
        if (r >= 0 && rename(fresh, final) < 0) {
                r = -errno;
                (void) unlink(conf);
        }
        if (r < 0) {
                (void) manager_discard(creation->manager, fresh);
                if (!error_is_set(error))
                        return error_set_errno(error, r, "cannot make %s", final);
        }
        return r;
}

static int creation_commit(Creation *creation, const Image *image, Container **ret, Error *error) {
        _cleanup_(identity_clear) Identity identity = {};
        Container *container;
        int r;

        r = make_identity(creation, image, &identity, error);
        /* The file says what it was made from, for whoever reads it. */
        if (r >= 0)
                r = settings_set(creation->settings, NULL, "Image", identity.image, "", TRUST_ADMIN, error);
        if (r >= 0)
                r = settings_set(creation->settings, NULL, "Template", identity.template, "", TRUST_ADMIN, error);
        if (r >= 0)
                r = creation_write(creation, &identity, error);
        if (r < 0)
                return r;

        r = container_load(creation->manager, creation->name, &container, error);
        if (r >= 0) {
                r = map_put(&creation->manager->containers, container->name, container);
                if (r < 0)
                        container_free(container);
                else
                        journal_link_update(container);
        }
        if (r < 0) {
                (void) container_remove_files(creation->manager, creation->name, &identity, NULL);
                return r;
        }
        *ret = container;
        return 0;
}

static void on_image(Image *image, const Error *failure, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;
        Creation *creation = userdata;
        Container *container;
        int r;

        creation->build = NULL; /* it frees itself behind this call */
        if (!image) {
                creation_finish(creation, failure);
                return;
        }
        r = creation_commit(creation, image, &container, &error);
        if (r < 0) {
                if (!error_is_set(&error))
                        error_set_errno(&error, r, "cannot create container %s", creation->name);
                creation_finish(creation, &error);
                return;
        }
        creation->manager->observer->container_added(container);
        manager_image_users_changed(creation->manager, container->identity.image);
        manager_status_changed(creation->manager);
        sd_journal_print(LOG_INFO, "Container %s created from image %s", container->name, image->id);
        creation_finish(creation, NULL);
}

static void creation_cancel(Job *job, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;
        Creation *creation = userdata;

        error_set(&error, ECANCELED, "Canceled", "the creation of %s was canceled", creation->name);
        creation_finish(creation, &error);
}

int container_create(Manager *manager, CreateRequest *request, Job *job, Error *error) {
        _cleanup_free_ char *template = NULL, *variant = NULL;
        Creation *creation;
        Image *image;
        int r;

        r = name_check(request->name, error);
        if (r < 0)
                return r;
        r = container_check_unknown(manager, request->name, error);
        if (r < 0)
                return r;
        if (map_size(&manager->containers) + map_size(&manager->creations) >= manager->settings.containers_max)
                return error_set(error, EBUSY, "LimitsExceeded",
                                 "there are %zu containers already, which is the most: see ContainersMax= in ctrd.conf(5)",
                                 map_size(&manager->containers) + map_size(&manager->creations));
        r = settings_validate(request->settings, error);
        if (r < 0)
                return r;

        creation = calloc(1, sizeof(*creation));
        if (!creation)
                return -ENOMEM;
        creation->manager = manager;
        creation->job = job;
        creation->name = strdup(request->name);
        if (!creation->name) {
                free(creation);
                return -ENOMEM;
        }
        r = map_put(&manager->creations, creation->name, creation);
        if (r < 0) {
                creation_free(creation);
                return r;
        }

        job_progress(job, 0, "Creating");
        /* An image by its id needs no template. */
        image = name_is_image_id(request->source) ? map_get(&manager->images, request->source) : NULL;
        if (!image) {
                r = name_split_template(request->source, &template, &variant, error);
                if (r >= 0)
                        r = build_image(manager, template, variant, job, on_image, creation, &creation->build, error);
                if (r < 0) {
                        creation_free(creation);
                        return r;
                }
        }

        creation->settings = TAKE_PTR(request->settings);
        job->cancel = creation_cancel;
        job->userdata = creation;
        if (image)
                on_image(image, NULL, creation);
        return 0;
}
