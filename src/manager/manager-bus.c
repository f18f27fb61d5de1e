/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "bus.h"
#include "capture.h"
#include "name.h"
#include "strv.h"

#define SETTINGS_MAX 1024 /* assignments in one request */

/* a(ss) key and value, onto fresh settings. */
static int read_settings(sd_bus_message *m, Settings **ret, Error *error) {
        _cleanup_(settings_freep) Settings *settings = settings_new();
        const char *key, *value;
        size_t n = 0;
        int r;

        if (!settings)
                return -ENOMEM;
        r = sd_bus_message_enter_container(m, 'a', "(ss)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(ss)", &key, &value)) > 0) {
                if (++n > SETTINGS_MAX)
                        return error_set(error, E2BIG, "LimitsExceeded", "more than %d settings in one request", SETTINGS_MAX);
                r = settings_set(settings, NULL, key, value, "", TRUST_ADMIN, error);
                if (r < 0)
                        return r;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(settings);
        return 0;
}

static int method_create_container(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        Manager *manager = userdata;
        const char *name, *source;
        CreateRequest request;
        Job *job;
        int r;

        r = sd_bus_message_read(m, "ss", &name, &source);
        if (r < 0)
                return r;
        r = bus_authorize(manager, m, ACTION_MANAGE, name, "create", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = name_check(name, &error);
        if (r >= 0)
                r = read_settings(m, &settings, &error);
        if (r >= 0)
                r = sd_bus_message_skip(m, "a{sv}");
        if (r >= 0)
                r = job_new(manager, "create", ACTION_MANAGE, name, &job, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);

        /* The answer is on its way before the job can end. */
        r = bus_reply_job(m, job);
        request = (CreateRequest){ .name = name, .source = source, .settings = settings };
        if (r >= 0)
                r = container_create(manager, &request, job, &error);
        settings = request.settings;
        if (r < 0) {
                if (!error_is_set(&error))
                        error_set_errno(&error, r, "cannot create %s", name);
                job_finish(job, &error);
        }
        return 1;
}

static int method_get_container(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        _cleanup_free_ char *path = NULL;
        Manager *manager = userdata;
        Container *container;
        const char *name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        r = bus_authorize(manager, m, ACTION_INSPECT, name, "get", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = manager_find(manager, name, &container, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);
        path = bus_container_path(container);
        return path ? sd_bus_reply_method_return(m, "o", path) : -ENOMEM;
}

/* Templates are asked all at once; the answer goes out with the last of them. */
typedef struct TemplateQuery {
        sd_bus_message *message;
        struct TemplateEntry {
                struct TemplateQuery *query;
                Capture *capture;
                char *name;
                TemplateInfo info;
        } *entries;
        size_t n, n_waiting;
} TemplateQuery;

static void template_query_reply(TemplateQuery *query) {
        sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(query->message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ssas)");
        for (size_t i = 0; i < query->n && r >= 0; i++) {
                TemplateInfo *info = &query->entries[i].info;

                if (!info->name)
                        continue;
                r = sd_bus_message_open_container(reply, 'r', "ssas");
                if (r >= 0)
                        r = sd_bus_message_append(reply, "ss", info->name, info->description);
                if (r >= 0)
                        r = sd_bus_message_append_strv(reply, info->variants);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        if (r < 0)
                (void) sd_bus_reply_method_errno(query->message, r, NULL);
        sd_bus_message_unref(reply);

        for (size_t i = 0; i < query->n; i++) {
                template_info_clear(&query->entries[i].info);
                free(query->entries[i].name);
        }
        free(query->entries);
        sd_bus_message_unref(query->message);
        free(query);
}

static void on_template_described(const char *text, void *userdata) {
        struct TemplateEntry *entry = userdata;
        TemplateQuery *query = entry->query;

        entry->capture = NULL;
        if (text)
                (void) template_parse_description(entry->name, text, &entry->info);
        if (--query->n_waiting == 0)
                template_query_reply(query);
}

static int method_list_templates(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_strv_ char **names = NULL;
        Manager *manager = userdata;
        TemplateQuery *query;
        int r;

        r = bus_authorize(manager, m, ACTION_INSPECT, "", "list-templates", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = template_list(&names);
        if (r < 0)
                return r;

        query = calloc(1, sizeof(*query));
        if (!query)
                return -ENOMEM;
        query->message = sd_bus_message_ref(m);
        query->entries = calloc(strv_length(names) + 1, sizeof(*query->entries));
        STRV_FOREACH(name, names) {
                _cleanup_error_ Error error = ERROR_INIT;
                _cleanup_free_ char *program = NULL;
                struct TemplateEntry *entry;

                if (!query->entries || template_find(*name, &program, &error) < 0)
                        continue;
                entry = &query->entries[query->n];
                entry->query = query;
                entry->name = strdup(*name);
                if (entry->name &&
                    capture_start(manager->event, (char *[]){ program, (char *) "describe", NULL }, TEMPLATE_DESCRIBE_USEC,
                                  on_template_described, entry, &entry->capture) >= 0) {
                        query->n++;
                        query->n_waiting++;
                } else
                        free(TAKE_PTR(entry->name));
        }
        if (query->n_waiting == 0)
                template_query_reply(query);
        return 1;
}

static int property_version(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                            void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "s", CTRD_VERSION);
}

const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", property_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_METHOD_WITH_ARGS("CreateContainer",
                                SD_BUS_ARGS("s", name, "s", source, "a(ss)", settings, "a{sv}", options),
                                SD_BUS_RESULT("o", job), method_create_container, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetContainer", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", container), method_get_container,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListTemplates", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssas)", templates), method_list_templates,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("JobRemoved",
                                SD_BUS_ARGS("o", job, "s", container, "s", result, "s", error_name, "s", error_message), 0),
        SD_BUS_VTABLE_END,
};
