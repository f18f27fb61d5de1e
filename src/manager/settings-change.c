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
        Settings *next;     /* what it shall have of keys that take effect at once */
        char **pending;     /* keys that wait for the next run */
        Refit *refit;
        sd_bus_slot *slot;
        Error failure; /* why what was done is being undone */
        SettingsChanged done;
        void *userdata;
};

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
        settings_free(change->next);
        strv_free(change->pending);
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
                "Profile",
        };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (streq(key, keys[i]))
                        return true;
        return unit_limit_exists(key) || attachment_kind_from_string(key) >= 0;
}

static bool takes_effect(const SettingsChange *change, const char *key) {
        return change->next && (attachment_kind_from_string(key) >= 0 || is_live(key));
}

/* What the present run will have of it, where there is one: then the rest is for the next. Once
 * all has been done nothing can fail any more. */
static int prepare(SettingsChange *change) {
        const Settings *settings = change->request.settings;
        const Container *c = change->container;
        int r = 0;

        if (!container_state_is_active(c->state))
                return 0;
        change->next = settings_new();
        if (!change->next)
                return -ENOMEM;
        STRV_FOREACH(key, change->request.keys) {
                if (takes_effect(change, *key))
                        r = settings_copy(change->next, attachment_kind_from_string(*key) >= 0 ? change->attached : settings, *key);
                else if (settings_differ(c->settings, settings, *key))
                        r = strv_extend(&change->pending, *key);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void take_effect(SettingsChange *change) {
        static const struct {
                const char *key, *property;
        } properties[] = {
                { "Description", "Description" },
                { "Autostart", "Autostart" },
                { "Restart", "RestartPolicy" },
                { "Owner", "Owner" },
                { "Profile", "Profiles" },
        };
        Container *c = change->container;

        if (!container_state_is_active(c->state)) {
                if (change->request.settings)
                        container_take_settings(c, TAKE_PTR(change->request.settings));
                change->pending = strv_free(change->pending);
                return;
        }
        STRV_FOREACH(key, change->request.keys)
                if (takes_effect(change, *key))
                        settings_swap(c->settings, change->next, *key);
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (strv_contains(change->request.keys, properties[i].key))
                        container_changed(c, properties[i].property, NULL);
        journal_link_update(c);
}

/* Ends it. error: nothing shall have changed. */
static void finish(SettingsChange *change, const Error *error) {
        _cleanup_strv_ char **pending = NULL;
        SettingsChanged done = change->done;
        void *userdata = change->userdata;
        Container *c = change->container;

        if (!error) {
                _cleanup_free_ char *keys = strv_join(change->request.keys, " ");

                take_effect(change);
                pending = TAKE_PTR(change->pending);
                sd_journal_print(LOG_INFO, "Settings of container %s changed: %s", c->name, strempty(keys));
        } else {
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
        if (r >= 0)
                r = prepare(change);
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
        if (r >= 0)
                r = prepare(change);
        if (r < 0) {
                if (change)
                        change->done = NULL;
                settings_change_free(change);
                return;
        }
        c->change = change;
        carry_out(change, true);
}
