/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#include "attachment.h"
#include "clock.h"
#include "configuration.h"
#include "reload.h"
#include "settings-change.h"
#include "settings-files.h"
#include "strv.h"

/* A thousand containers that start are not a thousand messages. */
#define STATUS_USEC (1 * USEC_PER_SEC)

static void on_settings_taken(const Error *error, char *const *pending, void *userdata) {
        if (error && !error_has_name(error, "NoSuchContainer"))
                sd_journal_print(LOG_WARNING, "Reload: %s", error_message(error));
}

/* The limits of a scope are systemd's to change, which takes a while. What a run was given
 * until it ends is in no file, and stays: of attachments files are for the next start. */
static int change_running(Container *c, Settings *settings, Error *error) {
        _cleanup_(settings_request_clear) SettingsRequest request = { .settings = settings };
        int r = 0;

        for (size_t i = 0; i < settings_keys() && r >= 0; i++)
                if (attachment_kind_from_string(settings_key(i).key) < 0 && settings_differ(c->settings, settings, settings_key(i).key))
                        r = strv_extend(&request.keys, settings_key(i).key);
        if (r < 0 || !request.keys)
                return r;
        return settings_change_begin(c, &request, on_settings_taken, NULL, error);
}

/* What is on its way up or down is left alone: a start reads them. */
static void reload_settings(Container *c) {
        _cleanup_error_ Error error = ERROR_INIT;
        Settings *settings;
        int r;

        if (container_state_is_active(c->state) && c->state != CONTAINER_RUNNING && c->state != CONTAINER_FROZEN)
                return;
        r = settings_files_load(c->name, NULL, &settings, &error);
        if (r >= 0 && !container_state_is_active(c->state))
                container_take_settings(c, settings);
        else if (r >= 0)
                r = change_running(c, settings, &error);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Settings of container %s stay as they were: %s", c->name,
                                 error_is_set(&error) ? error_message(&error) : strerror(-r));
}

void manager_reload(Manager *manager) {
        Container *container;

        (void) sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Reading what is on disk",
                          now_usec(CLOCK_MONOTONIC));
        configuration_load(&manager->settings);
        job_forget_results(manager, now_usec(CLOCK_MONOTONIC));
        queue_look(manager->build_queue);
        queue_look(manager->start_queue);
        queue_look(manager->clone_queue);
        profiles_load(manager, true);
        /* Before those that come with them: they are read once. */
        MAP_FOREACH(container, &manager->containers)
                reload_settings(container);
        manager_load_new(manager);
        sd_journal_print(LOG_INFO, "Reloaded");
        (void) sd_notify(false, "READY=1");
        manager_status_changed(manager);
}

static int tell_status(sd_event_source *source, uint64_t usec, void *userdata) {
        size_t running = 0, failed = 0;
        Manager *manager = userdata;
        Container *container;

        MAP_FOREACH(container, &manager->containers) {
                running += container_state_is_active(container->state);
                failed += container->state == CONTAINER_FAILED;
        }
        (void) sd_notifyf(false, "STATUS=Containers: %zu running, %zu failed, %zu stopped", running, failed,
                          map_size(&manager->containers) - running - failed);
        return 0;
}

void manager_status_changed(Manager *manager) {
        int enabled = SD_EVENT_OFF;

        if (!manager->status_timer) {
                (void) sd_event_add_time_relative(manager->event, &manager->status_timer, CLOCK_MONOTONIC, 0, 0, tell_status, manager);
                return;
        }
        if (sd_event_source_get_enabled(manager->status_timer, &enabled) > 0)
                return; /* it is about to */
        if (sd_event_source_set_time_relative(manager->status_timer, STATUS_USEC) >= 0)
                (void) sd_event_source_set_enabled(manager->status_timer, SD_EVENT_ONESHOT);
}
