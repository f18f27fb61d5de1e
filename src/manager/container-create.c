/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How a container comes into being; container-remove.c is how it goes.
 *
 * While it is being made its directory is called .new-NAME; the rename to NAME
 * is the one point at which it exists. A ctrd that comes up removes what is
 * called .new-NAME, and the settings that were written with it.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "clock.h"
#include "creation.h"
#include "file.h"
#include "idpool.h"
#include "journal-link.h"
#include "name.h"
#include "paths.h"
#include "settings-files.h"
#include "reload.h"
#include "strv.h"

Creation *creation_free(Creation *creation) {
        if (!creation)
                return NULL;
        if (creation->name)
                map_remove(&creation->manager->creations, creation->name);
        build_waiter_drop(creation->build);
        if (creation->source) {
                creation->source->clones--;
                recovery_look(creation->source);
        }
        unit_request_drop(creation->copy);
        line_reader_free(creation->output);
        line_reader_free(creation->log);
        free(creation->last_line);
        free(creation->client);
        settings_edit_clear(&creation->edit);
        settings_free(creation->settings);
        free(creation->name);
        free(creation);
        return NULL;
}

void container_creation_abort(void *creation) {
        creation_free(creation);
}

void creation_finish(Creation *creation, const Error *error) {
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

int creation_choose_machine_id(Creation *creation, const Image *image) {
        const char *given = creation->settings->machine_id ?: image->machine_id;
        sd_id128_t random;
        int r;

        if (*creation->machine_id)
                return 0;
        if (given) {
                snprintf(creation->machine_id, sizeof(creation->machine_id), "%s", given);
                return 0;
        }
        r = sd_id128_randomize(&random);
        if (r >= 0)
                sd_id128_to_string(random, creation->machine_id);
        return r;
}

/* TEMPLATE/VARIANT, or NULL. */
static int template_of(const Image *image, char **ret) {
        *ret = NULL;
        if (image->template && image->variant && asprintf(ret, "%s/%s", image->template, image->variant) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return 0;
}

static int make_identity(Creation *creation, const Settings *settings, const Image *image, Identity *ret, Error *error) {
        Identity identity = {};
        int r;

        r = creation_choose_machine_id(creation, image);
        if (r >= 0)
                r = idpool_assign(creation->manager, creation->name, settings, &identity, error);
        if (r >= 0)
                r = selinux_assign(creation->manager, creation->name, &identity, error);
        if (r < 0)
                return r;
        identity.machine_id = strdup(creation->machine_id);
        identity.image = strdup(image->id);
        identity.created_usec = now_usec(CLOCK_REALTIME);
        if (template_of(image, &identity.template) < 0 || !identity.machine_id || !identity.image) {
                identity_clear(&identity);
                return -ENOMEM;
        }
        avoid_mac(creation->manager, creation->name, &identity);
        *ret = identity;
        return 0;
}

/* The file of one of an image says what it was made from, for whoever reads it. */
static int make_edit(Creation *creation, const Image *image, Error *error) {
        _cleanup_free_ char *template = NULL;
        int r = template_of(image, &template);

        if (r >= 0)
                r = settings_set(creation->settings, NULL, "Image", image->id, "", TRUST_ADMIN, error);
        if (r >= 0)
                r = settings_set(creation->settings, NULL, "Template", template, "", TRUST_ADMIN, error);
        return r < 0 ? r : settings_edit_new(creation->name, creation->settings, &creation->edit);
}

/* Profiles may be others than when it was asked for. */
static int load_whole(Creation *creation, const Image *image, Settings **ret, Error *error) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        int r = creation->source ? 0 : make_edit(creation, image, error);

        if (r >= 0)
                r = settings_files_load(creation->name, &creation->edit, &settings, error);
        if (r >= 0 && settings_is_privileged(settings) && !creation->may_be_privileged)
                r = error_set(error, EBUSY, "Busy", "the profiles of %s were changed meanwhile: try again", creation->name);
        if (r >= 0)
                *ret = TAKE_PTR(settings);
        return r;
}

static void fresh_path(const char *name, char ret[static PATH_MAX]) {
        snprintf(ret, PATH_MAX, PATH_CONTAINERS "/.new-%s", name);
}

void creation_discard_directory(Creation *creation) {
        char fresh[PATH_MAX];
        int r;

        fresh_path(creation->name, fresh);
        r = manager_discard(creation->manager, fresh);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot remove %s: %s", fresh, strerror(-r));
}

/* Drop-ins for one that is made of an image may be there before it. */
static int check_settings_vacant(const Creation *creation, Error *error) {
        char conf[PATH_MAX];

        if (creation->source)
                return settings_files_check_vacant(creation->name, error);
        settings_file_place(creation->name, SETTINGS_FILE_OWN, conf);
        return access(conf, F_OK) < 0 ? 0 : error_set(error, EEXIST, "Exists", "%s exists already: remove it, or choose another name", conf);
}

int creation_make_directory(Creation *creation, Error *error) {
        static const char *const below[] = { "", "/fs", "/fs/upper", "/fs/work" };
        char fresh[PATH_MAX], path[PATH_MAX + 16];
        int r;

        fresh_path(creation->name, fresh);
        r = check_settings_vacant(creation, error);
        if (r < 0)
                return r;
        if (container_is_on_disk(creation->name))
                return error_set(error, EEXIST, "Exists", PATH_CONTAINERS "/%s exists already: remove it, or choose another name",
                                 creation->name);

        r = container_removal_complete(creation->manager, creation->name, error);
        if (r >= 0)
                r = manager_discard(creation->manager, fresh);
        for (size_t i = 0; i < ELEMENTSOF(below) && r >= 0; i++) {
                snprintf(path, sizeof(path), "%s%s", fresh, below[i]);
                r = mkdir(path, *below[i] ? 0755 : 0700) < 0 ? -errno : 0;
        }
        if (r < 0) {
                creation_discard_directory(creation);
                return error_set_errno(error, r, "cannot make %s", fresh);
        }
        return 0;
}

static int write_files(Creation *creation, const Identity *identity, Error *error) {
        char fresh[PATH_MAX], final[PATH_MAX], hidden[NAME_MAX_LENGTH + 8];
        int r;

        snprintf(hidden, sizeof(hidden), ".new-%s", creation->name);
        snprintf(final, sizeof(final), PATH_CONTAINERS "/%s", creation->name);
        fresh_path(creation->name, fresh);
        /* Somebody may have written them while files were copied. The identity says that they are
         * ours from here on: see undo_creation(). */
        r = check_settings_vacant(creation, error);
        if (r >= 0)
                r = identity_save(hidden, identity, error);
        if (r >= 0 && creation->client)
                r = bond_save(creation->manager, fresh, creation->client, error);
        if (r < 0)
                return r;
        r = settings_edit_write(&creation->edit, creation->name, error);
        if (r >= 0 && rename(fresh, final) < 0)
                r = error_set_errno(error, errno, "cannot make %s", final);
        if (r < 0)
                settings_files_forget(creation->name);
        return r;
}

int creation_commit(Creation *creation, const Image *image, Error *error) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        _cleanup_(identity_clear) Identity identity = {};
        Manager *manager = creation->manager;
        Container *container;
        int r;

        r = load_whole(creation, image, &settings, error);
        if (r >= 0)
                r = make_identity(creation, settings, image, &identity, error);
        if (r >= 0)
                r = write_files(creation, &identity, error);
        if (r < 0) {
                creation_discard_directory(creation);
                return r;
        }

        r = container_load(manager, creation->name, &container, error);
        if (r >= 0) {
                r = map_put(&manager->containers, container->name, container);
                if (r < 0)
                        container_free(container);
                else
                        journal_link_update(container);
        }
        if (r < 0) {
                (void) container_remove_files(manager, creation->name, &identity, NULL);
                return r;
        }
        manager->observer->container_added(container);
        manager_image_users_changed(manager, container->identity.image);
        manager_status_changed(manager);
        bond_begin(container);
        return 0;
}

static void on_image(Image *image, const Error *failure, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;
        Creation *creation = userdata;
        int r;

        creation->build = NULL; /* it frees itself behind this call */
        if (!image) {
                creation_finish(creation, failure);
                return;
        }
        r = creation_make_directory(creation, &error);
        if (r >= 0)
                r = creation_commit(creation, image, &error);
        if (r < 0) {
                error_set_errno(&error, r, "cannot create container %s", creation->name);
                creation_finish(creation, &error);
                return;
        }
        sd_journal_print(LOG_INFO, "Container %s created from image %s", creation->name, image->id);
        creation_finish(creation, NULL);
}

static void creation_cancel(Job *job, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;
        Creation *creation = userdata;

        error_set(&error, ECANCELED, "Canceled", "the creation of %s was canceled", creation->name);
        creation_finish(creation, &error);
}

int creation_new(Manager *manager, const char *name, Job *job, Creation **ret, Error *error) {
        size_t n = map_size(&manager->containers) + map_size(&manager->creations);
        Creation *creation;
        int r;

        r = name_check(name, error);
        if (r >= 0)
                r = container_check_unknown(manager, name, error);
        if (r < 0)
                return r;
        if (n >= manager->settings.containers_max)
                return error_set(error, EBUSY, "LimitsExceeded",
                                 "there are %zu containers already, which is the most: see ContainersMax= in ctrd.conf(5)", n);
        creation = calloc(1, sizeof(*creation));
        if (!creation)
                return -ENOMEM;
        creation->manager = manager;
        creation->job = job;
        creation->name = strdup(name);
        r = creation->name ? map_put(&manager->creations, creation->name, creation) : -ENOMEM;
        if (r < 0) {
                creation_free(creation);
                return r;
        }
        *ret = creation;
        return 0;
}

int container_create(Manager *manager, CreateRequest *request, Job *job, Error *error) {
        _cleanup_free_ char *template = NULL, *variant = NULL;
        Creation *creation;
        Image *image;
        int r;

        r = creation_new(manager, request->name, job, &creation, error);
        if (r < 0)
                return r;
        creation->may_be_privileged = request->may_be_privileged;
        if (request->client) {
                r = bonds_listen(manager);
                if (r >= 0 && !(creation->client = strdup(request->client)))
                        r = -ENOMEM;
                if (r < 0) {
                        creation_free(creation);
                        return r;
                }
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
