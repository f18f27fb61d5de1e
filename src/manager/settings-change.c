/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>
#include <systemd/sd-journal.h>

#include "journal-link.h"
#include "live.h"
#include "manager.h"
#include "refit.h"
#include "settings-change.h"
#include "strv.h"
#include "unit-limits.h"
#include "view.h"

struct SettingsChange {
        Container *container;
        SettingsRequest request;
        char **limits; /* those of the keys that the running scope gets */
        Settings *attached; /* what the run shall have of attachments */
        Refit *refit;
        sd_bus_slot *slot;
        Error failure; /* why what was done is being undone */
        SettingsChanged done;
        void *userdata;
};

void settings_request_clear(SettingsRequest *request) {
        settings_edit_clear(&request->edit);
        settings_free(request->settings);
        settings_free(request->live);
        strv_free(request->keys);
        *request = (SettingsRequest){};
}

/* Each by itself, for an error that says nothing of files; and none may be two lines of
 * a file, or half of one (Incus CVE-2026-23953). */
int settings_check_assignments(char *const *assignments, char ***ret_keys, Error *error) {
        _cleanup_(settings_freep) Settings *scratch = settings_new();
        _cleanup_strv_ char **keys = NULL;

        if (!scratch)
                return -ENOMEM;
        STRV_FOREACH(a, assignments) {
                const char *value = strchr(*a, '=') + 1;
                _cleanup_free_ char *key = strndup(*a, (size_t) (value - 1 - *a));
                int r;

                if (!key)
                        return -ENOMEM;
                if (strpbrk(value, "\r\n") || endswith(value, "\\"))
                        return error_set(error, EINVAL, "InvalidSettings",
                                         "the value of %.64s= must be one line that does not end in a backslash", key);
                r = settings_set(scratch, NULL, key, value, "", TRUST_ADMIN, error);
                if (r >= 0 && !strv_contains(keys, key))
                        r = strv_extend(&keys, key);
                if (r < 0)
                        return r;
        }
        *ret_keys = TAKE_PTR(keys);
        return 0;
}

int settings_request_make(const Container *container, char *const *assignments, bool runtime, SettingsRequest *ret,
                          Error *error) {
        SettingsRequest request = {};
        int r;

        if (!assignments || !assignments[0])
                return error_set(error, EINVAL, "InvalidSettings", "there is nothing to set: give at least one setting");
        r = settings_check_assignments(assignments, &request.keys, error);
        if (r >= 0)
                r = settings_edit_make(container->name, assignments, runtime, &request.edit, error);
        if (r >= 0)
                r = settings_files_load(container->name, &request.edit, &request.settings, error);
        if (r < 0) {
                settings_request_clear(&request);
                return r;
        }
        *ret = request;
        return 0;
}

static int list_differences(const char *name, const Settings *settings, char ***ret, Error *error) {
        _cleanup_(settings_freep) Settings *now = NULL;
        int r = settings_files_load(name, NULL, &now, error);

        for (size_t i = 0; i < settings_keys() && r >= 0; i++)
                if (settings_differ(now, settings, settings_key(i).key))
                        r = strv_extend(ret, settings_key(i).key);
        return r;
}

int settings_request_replace(const Container *container, const char *before, const char *after, SettingsRequest *ret,
                             Error *error) {
        _cleanup_error_ Error ignored = ERROR_INIT;
        SettingsRequest request = {};
        int r = settings_edit_replace(container->name, before, after, &request.edit, error);

        if (r >= 0)
                r = settings_files_load(container->name, &request.edit, &request.settings, error);
        /* What was wrong before is not in the way of what is right: then all may differ. */
        if (r >= 0 && list_differences(container->name, request.settings, &request.keys, &ignored) < 0)
                for (size_t i = 0; i < settings_keys() && r >= 0; i++)
                        r = strv_extend(&request.keys, settings_key(i).key);
        if (r < 0) {
                settings_request_clear(&request);
                return r;
        }
        *ret = request;
        return 0;
}

SettingsChange *settings_change_free(SettingsChange *change) {
        if (!change)
                return NULL;
        if (change->done) {
                _cleanup_error_ Error error = ERROR_INIT;

                error_set(&error, ENOENT, "NoSuchContainer", "container %s went while its settings were being changed",
                          change->container->name);
                change->done(&error, NULL, change->userdata);
        }
        sd_bus_slot_unref(change->slot);
        refit_free(change->refit);
        settings_free(change->attached);
        error_clear(&change->failure);
        settings_request_clear(&change->request);
        strv_free(change->limits);
        free(change);
        return NULL;
}

static bool is_live(const char *key) {
        static const char *const keys[] = {
                "Description", "Autostart",          "StartDelaySec",         "Restart",        "RestartSec",
                "RestartSteps", "RestartMaxDelaySec", "StartLimitIntervalSec", "StartLimitBurst",
                "Protected",    "Ephemeral",          "LinkJournal",          "Owner",
        };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (streq(key, keys[i]))
                        return true;
        return unit_limit_exists(key) || attachment_kind_from_string(key) >= 0;
}

/* What the present run has of it, where there is one: then the rest is for the next. */
static int take_effect(SettingsChange *change, char ***ret_pending) {
        static const struct {
                const char *key, *property;
        } properties[] = {
                { "Description", "Description" },
                { "Autostart", "Autostart" },
                { "Restart", "RestartPolicy" },
                { "Owner", "Owner" },
        };
        const Settings *settings = change->request.settings;
        Container *c = change->container;

        if (!container_state_is_active(c->state)) {
                if (settings)
                        container_take_settings(c, TAKE_PTR(change->request.settings));
                return 0;
        }
        STRV_FOREACH(key, change->request.keys) {
                int r = attachment_kind_from_string(*key) >= 0 ? settings_copy(c->settings, change->attached, *key)
                        : is_live(*key)                        ? settings_copy(c->settings, settings, *key)
                        : settings_differ(c->settings, settings, *key) ? strv_extend(ret_pending, *key)
                                                                       : 0;

                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (strv_contains(change->request.keys, properties[i].key))
                        container_changed(c, properties[i].property, NULL);
        journal_link_update(c);
        return 0;
}

/* Ends it. error: nothing shall have changed. */
static void finish(SettingsChange *change, const Error *error) {
        _cleanup_strv_ char **pending = NULL;
        _cleanup_error_ Error own = ERROR_INIT;
        SettingsChanged done = change->done;
        void *userdata = change->userdata;
        Container *c = change->container;

        if (!error) {
                int r = take_effect(change, &pending);

                if (r < 0) {
                        error_set_errno(&own, r, "cannot change the settings of container %s", c->name);
                        error = &own;
                } else {
                        _cleanup_free_ char *keys = strv_join(change->request.keys, " ");

                        sd_journal_print(LOG_INFO, "Settings of container %s changed: %s", c->name, strempty(keys));
                }
        }
        if (error) {
                _cleanup_error_ Error undo = ERROR_INIT;

                if (settings_edit_undo(&change->request.edit, c->name, &undo) < 0)
                        sd_journal_print(LOG_ERR, "Settings of container %s: %s", c->name, error_message(&undo));
                /* Its run may have ended meanwhile. */
                container_reload_settings(c);
        }
        change->done = NULL;
        c->change = settings_change_free(change);
        view_retry(c);
        done(error, pending, userdata);
}

/* What the run has been given goes again. */

static void on_undone(const Error *error, void *userdata) {
        _cleanup_error_ Error failure = ERROR_INIT;
        SettingsChange *change = userdata;

        change->refit = NULL;
        error_move(&failure, &change->failure);
        finish(change, &failure);
}

static void undo(SettingsChange *change, Error *error) {
        Container *c = change->container;

        error_move(&change->failure, error);
        if (!change->attached ||
            refit_begin(c, change->attached, c->settings, false, on_undone, change, &change->refit, NULL) <= 0)
                on_undone(NULL, change);
}

static int on_limits(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const sd_bus_error *e = sd_bus_message_get_error(m);
        _cleanup_error_ Error error = ERROR_INIT;
        SettingsChange *change = userdata;

        if (e) {
                error_set(&error, sd_bus_error_get_errno(e), NULL, "systemd refused the limits of container %s: %s",
                          change->container->name, e->message);
                undo(change, &error);
        } else
                finish(change, NULL);
        return 0;
}

static int list_limits(SettingsChange *change) {
        STRV_FOREACH(key, change->request.keys)
                if (unit_limit_exists(*key)) {
                        int r = strv_extend(&change->limits, *key);

                        if (r < 0)
                                return r;
                }
        return 0;
}

/* What is named, of the request; and of all else, what it has. */
static int list_attachments(SettingsChange *change) {
        const Settings *wanted = change->request.live ?: change->request.settings;
        _cleanup_(settings_freep) Settings *attached = settings_new();
        bool any = false;
        int r = attached ? attachment_copy_all(attached, change->container->settings) : -ENOMEM;

        STRV_FOREACH(key, change->request.keys)
                if (r >= 0 && attachment_kind_from_string(*key) >= 0) {
                        r = settings_copy(attached, wanted, *key);
                        any = true;
                }
        if (r >= 0 && any)
                change->attached = TAKE_PTR(attached);
        return r;
}

static void set_limits(SettingsChange *change) {
        _cleanup_error_ Error error = ERROR_INIT;
        Container *c = change->container;
        int r;

        if (!container_state_is_active(c->state) || !change->limits) {
                finish(change, NULL);
                return;
        }
        r = unit_set_limits(c->manager->bus, c->name, change->request.settings, change->limits, on_limits, change, &change->slot);
        if (r < 0) {
                error_set_errno(&error, r, "cannot set the limits of container %s", c->name);
                undo(change, &error);
        }
}

static void on_refitted(const Error *error, void *userdata) {
        SettingsChange *change = userdata;

        change->refit = NULL;
        if (error)
                finish(change, error);
        else
                set_limits(change);
}

/* Attachments first: they fail more often, and what systemd refuses afterwards they can
 * be taken back for. */
static void carry_out(SettingsChange *change, bool repair) {
        _cleanup_error_ Error error = ERROR_INIT;
        Container *c = change->container;
        int r;

        r = change->attached && container_state_is_active(c->state)
                    ? refit_begin(c, c->settings, change->attached, repair, on_refitted, change, &change->refit, &error)
                    : 0;
        if (r > 0)
                return;
        if (r == 0)
                set_limits(change);
        else {
                error_set_errno(&error, r, "cannot change what container %s has", c->name);
                finish(change, &error);
        }
}

int settings_change_begin(Container *c, SettingsRequest *request, SettingsChanged done, void *userdata, Error *error) {
        SettingsChange *change;
        int r;

        if (c->change)
                return error_set(error, EBUSY, "Busy", "the settings of container %s are being changed: try again", c->name);
        if (container_state_is_active(c->state) && c->state != CONTAINER_RUNNING && c->state != CONTAINER_FROZEN)
                return error_set(error, EBUSY, "Busy", "container %s is %s: try again when it runs, or has stopped", c->name,
                                 container_state_to_string(c->state));
        change = calloc(1, sizeof(*change));
        if (!change)
                return -ENOMEM;
        *change = (SettingsChange){ .container = c, .request = *request, .done = done, .userdata = userdata };
        *request = (SettingsRequest){};
        r = list_limits(change);
        if (r >= 0)
                r = list_attachments(change);
        if (r >= 0) {
                r = settings_edit_write(&change->request.edit, c->name, error);
                if (r < 0)
                        (void) settings_edit_undo(&change->request.edit, c->name, NULL);
        }
        if (r < 0) {
                change->done = NULL;
                settings_change_free(change);
                return r;
        }
        c->change = change;
        carry_out(change, false);
        return 0;
}

void settings_change_run_ended(Container *c) {
        _cleanup_error_ Error error = ERROR_INIT;

        if (!c->change || !c->change->refit)
                return;
        /* The next run may be there before systemd answers for this one. */
        c->change->refit = refit_free(c->change->refit);
        error_move(&error, &c->change->failure); /* why it was being undone, if so */
        error_set(&error, ENOENT, "NotRunning", "container %s ended while it was being changed", c->name);
        finish(c->change, &error);
}

static void on_repaired(const Error *error, char *const *pending, void *userdata) {
        Container *c = userdata;

        if (error)
                sd_journal_print(LOG_WARNING, "A change of container %s was undone that was not finished: %s", c->name,
                                 error_message(error));
}

void settings_change_repair(Container *c) {
        SettingsChange *change = c->change ? NULL : calloc(1, sizeof(*change));
        int r = change ? 0 : -ENOMEM;

        if (change)
                *change = (SettingsChange){ .container = c, .done = on_repaired, .userdata = c };
        if (r >= 0)
                r = live_load_next(c->name, &change->request.live);
        for (AttachmentKind i = 0; i < _ATTACHMENT_KIND_MAX && r >= 0; i++)
                r = strv_extend(&change->request.keys, attachment_kind_to_string(i));
        if (r >= 0)
                r = list_attachments(change);
        if (r < 0) {
                if (change)
                        change->done = NULL;
                settings_change_free(change);
                return;
        }
        c->change = change;
        carry_out(change, true);
}
