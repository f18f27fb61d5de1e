/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "bond.h"
#include "creation.h"
#include "departure.h"
#include "file.h"
#include "manager.h"
#include "paths.h"
#include "settings-files.h"
#include "wire.h"

#define FILE_MAX 1024
/* While a copy of its files is under way it cannot be removed. */
#define RETRY_USEC USEC_PER_SEC

void bond_clear(Bond *bond) {
        bond->question = sd_bus_slot_unref(bond->question);
        bond->retry = sd_event_source_disable_unref(bond->retry);
        free(bond->client);
        bond->client = NULL;
        bond->broken = false;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata);

void bond_forget(Container *c) {
        char path[PATH_MAX];

        bond_clear(&c->bond);
        snprintf(path, sizeof(path), PATH_CONTAINERS "/%s/client", c->name);
        if (unlink(path) < 0 && errno != ENOENT)
                sd_journal_print(LOG_WARNING, "Cannot remove %s: %m", path);
}

/* What the files say counts: where it runs, that may be for its next start. */
static bool is_ephemeral(const Container *c) {
        _cleanup_(settings_freep) Settings *now = NULL;

        (void) settings_files_load(c->name, NULL, &now, NULL);
        return (now ?: c->settings)->ephemeral;
}

/* The container may be gone with this. */
static void end(Container *c) {
        _cleanup_error_ Error error = ERROR_INIT;
        bool again = c->bond.broken;
        int r;

        c->bond.broken = true;
        c->bond.question = sd_bus_slot_unref(c->bond.question);
        c->bond.retry = sd_event_source_disable_unref(c->bond.retry);
        if (!is_ephemeral(c)) {
                bond_forget(c);
                return;
        }
        if (!again)
                sd_journal_print(LOG_INFO, "The client of container %s has gone: it is removed", c->name);
        r = container_remove(c, true, NULL, &error);
        if (r >= 0)
                return;
        if (!again)
                sd_journal_print(LOG_NOTICE, "Container %s cannot be removed yet: %s", c->name,
                                 error_is_set(&error) ? error_message(&error) : strerror(-r));
        r = sd_event_add_time_relative(c->manager->event, &c->bond.retry, CLOCK_MONOTONIC, RETRY_USEC, 0, on_retry, c);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Container %s is not removed before the next start of ctrd: %s", c->name, strerror(-r));
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        end(userdata);
        return 0;
}

static Container *find_left_by(Manager *manager, const char *client) {
        Container *c;

        MAP_FOREACH(c, &manager->containers)
                if (!c->bond.broken && streq_ptr(c->bond.client, client))
                        return c;
        return NULL;
}

static Creation *find_creation_for(Manager *manager, const char *client) {
        Creation *creation;

        MAP_FOREACH(creation, &manager->creations)
                if (streq_ptr(creation->client, client) && !creation->job->canceling)
                        return creation;
        return NULL;
}

static bool any_is_tied(Manager *manager) {
        const Creation *creation;
        const Container *c;

        MAP_FOREACH(c, &manager->containers)
                if (c->bond.client && !c->bond.broken)
                        return true;
        MAP_FOREACH(creation, &manager->creations)
                if (creation->client)
                        return true;
        return false;
}

static int on_departure(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Manager *manager = userdata;
        const char *client = departure_read(m);
        Creation *creation;
        Container *c;

        /* One that can be canceled no more finds that out when it is made: bond_begin(). */
        while (client && (creation = find_creation_for(manager, client)) && job_cancel(creation->job, NULL) >= 0)
                ;
        /* Each of them goes, or is marked. */
        while (client && (c = find_left_by(manager, client)))
                end(c);
        /* A ctrd that has no use for it is not woken by all who leave. */
        if (client && !any_is_tied(manager))
                manager->departures = sd_bus_slot_unref(manager->departures);
        return 0;
}

int bonds_listen(Manager *manager) {
        return manager->departures ? 0 : departure_watch(manager->bus, &manager->departures, on_departure, manager);
}

static int bus_id(Manager *manager, char ret[static SD_ID128_STRING_MAX]) {
        sd_id128_t id;
        int r = sd_bus_get_bus_id(manager->bus, &id);

        if (r >= 0)
                sd_id128_to_string(id, ret);
        return r;
}

int bond_save(Manager *manager, const char *directory, const char *client, Error *error) {
        char path[PATH_MAX], bus[SD_ID128_STRING_MAX];
        WireWriter w;
        int r = bus_id(manager, bus);

        snprintf(path, sizeof(path), "%s/client", directory);
        wire_begin(&w);
        if (r >= 0) {
                wire_put(&w, "BUS", bus);
                wire_put(&w, "CLIENT", client);
                r = file_write_atomic(AT_FDCWD, path, w.data, w.size, 0600);
        }
        return r < 0 ? error_set_errno(error, r, "cannot write %s", path) : 0;
}

/* Returns whether the client was of this bus: nobody outlives a bus. */
static bool load(Container *c) {
        char path[PATH_MAX], bus[SD_ID128_STRING_MAX];
        _cleanup_free_ char *data = NULL;
        const char *key, *value;
        bool same = false;
        WireReader reader;
        size_t size;
        int r;

        snprintf(path, sizeof(path), PATH_CONTAINERS "/%s/client", c->name);
        r = file_read(AT_FDCWD, path, FILE_MAX, &data, &size);
        if (r == -ENOENT)
                return false;
        if (r >= 0)
                r = bus_id(c->manager, bus);
        if (r >= 0)
                wire_read_begin(&reader, data, size);
        while (r >= 0 && (r = wire_read_next(&reader, &key, &value)) > 0)
                if (streq(key, "BUS"))
                        same = streq(value, bus);
                else if (streq(key, "CLIENT") && !c->bond.client && !(c->bond.client = strdup(value)))
                        r = -ENOMEM;
        if (r >= 0 && c->bond.client)
                return same;
        bond_clear(&c->bond);
        sd_journal_print(LOG_WARNING, "Whose container %s is cannot be read from %s, and it stays: %s", c->name, path,
                         r < 0 ? strerror(-r) : "it names no client");
        return false;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;

        c->bond.question = sd_bus_slot_unref(c->bond.question);
        if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                end(c);
        return 0;
}

void bond_begin(Container *c) {
        bool same = load(c);
        int r;

        if (!c->bond.client)
                return;
        if (!same) {
                end(c);
                return;
        }
        r = bonds_listen(c->manager);
        /* The bus answers in order: whoever leaves after this is told by a signal. */
        if (r >= 0)
                r = sd_bus_call_method_async(c->manager->bus, &c->bond.question, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                             "org.freedesktop.DBus", "GetNameOwner", on_answer, c, "s", c->bond.client);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "The end of the client of container %s cannot be waited for: %s", c->name, strerror(-r));
}

bool bond_run_ended(Container *c) {
        if (!c->bond.broken)
                return false;
        if (c->settings->ephemeral)
                return true;
        bond_forget(c);
        return false;
}
