/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "bus.h"
#include "clock.h"
#include "container-list-bus.h"
#include "deed.h"
#include "diagnosis.h"
#include "message-size.h"
#include "name.h"
#include "profile-bus.h"
#include "reload.h"
#include "strv.h"
#include "template-query.h"

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

/* One that is not known is an error, so that nobody relies on what is not done. */
static int read_create_options(sd_bus_message *m, bool *ret_bound, Error *error) {
        const char *key;
        int r;

        *ret_bound = false;
        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                int bound = 0;

                r = sd_bus_message_read(m, "s", &key);
                if (r < 0)
                        break;
                if (!streq(key, "RemoveWithClient"))
                        return error_set(error, EINVAL, "InvalidArguments", "there is no option \"%.64s\"", key);
                if (sd_bus_message_read(m, "v", "b", &bound) < 0)
                        return error_set(error, EINVAL, "InvalidArguments", "option %s is not a boolean", key);
                *ret_bound = bound;
                r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* There are none yet. */
static int check_no_options(sd_bus_message *m, Error *error) {
        const char *key;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'e', "sv");
        if (r > 0)
                r = sd_bus_message_read(m, "s", &key);
        if (r > 0)
                return error_set(error, EINVAL, "InvalidArguments", "there is no option \"%.64s\"", key);
        return r;
}

static int method_create_container(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(settings_freep) Settings *settings = NULL, *whole = NULL;
        _cleanup_(settings_edit_clear) SettingsEdit edit = {};
        _cleanup_error_ Error error = ERROR_INIT;
        Manager *manager = userdata;
        const char *name, *source;
        CreateRequest request;
        bool privileged, bound;
        int valid, r;
        Job *job;

        if (message_size(m, MESSAGE_SETTINGS_MAX) > MESSAGE_SETTINGS_MAX)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED, "settings of more than %d bytes", MESSAGE_SETTINGS_MAX);
        r = sd_bus_message_read(m, "ss", &name, &source);
        if (r < 0)
                return r;
        r = name_check(name, &error);
        if (r >= 0)
                r = read_settings(m, &settings, &error);
        if (r >= 0)
                r = read_create_options(m, &bound, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);
        /* What is asked for decides who may: so it is read first, which changes nothing. What is
         * wrong with profiles is for who may. */
        valid = settings_edit_new(name, settings, &edit);
        if (valid >= 0)
                valid = settings_files_load(name, &edit, &whole, &error);
        if (valid >= 0 && bound && !whole->ephemeral)
                valid = error_set(&error, EINVAL, "InvalidSettings", "RemoveWithClient removes the container: it needs Ephemeral=yes");
        privileged = settings_is_privileged(whole ?: settings);
        r = bus_authorize(manager, m, privileged ? ACTION_MANAGE_PRIVILEGED : ACTION_MANAGE, name, "create", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        if (valid >= 0)
                valid = owner_check(manager, whole->owners, NULL, 0, &error);
        if (valid < 0)
                return bus_error(ret_error, &error, valid);
        r = bus_job_new(manager, m, "create", ACTION_MANAGE, name, &job, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);

        /* The answer is on its way before the job can end. */
        r = bus_reply_job(m, job);
        request = (CreateRequest){ .name = name, .source = source, .settings = settings, .may_be_privileged = privileged,
                                   .client = bound ? sd_bus_message_get_sender(m) : NULL };
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

/* One question for both, since both are the asker's then: rules see the other's name
 * as that of the container, whose files are read, and the new one beside it. */
static int method_clone_container(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(clone_request_clear) CloneRequest request = {};
        _cleanup_strv_ char **assignments = NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        const char *source_name, *name;
        Manager *manager = userdata;
        Container *source;
        int r, made;
        Job *job;

        if (message_size(m, MESSAGE_SETTINGS_MAX) > MESSAGE_SETTINGS_MAX)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED, "settings of more than %d bytes", MESSAGE_SETTINGS_MAX);
        r = sd_bus_message_read(m, "ss", &source_name, &name);
        if (r >= 0)
                r = bus_read_assignments(m, &assignments, ret_error);
        if (r < 0)
                return r;
        made = check_no_options(m, &error);
        if (made >= 0)
                made = manager_find(manager, source_name, &source, &error);
        if (made >= 0)
                made = clone_request_make(source, name, assignments, &request, &error);
        /* As at creation: what is asked for decides who may; and errors are for who may. */
        r = bus_authorize_name(manager, m, made >= 0 && settings_is_privileged(request.settings) ? ACTION_MANAGE_PRIVILEGED : ACTION_MANAGE,
                               source_name, "clone", name, ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        if (made >= 0)
                made = owner_check(manager, request.settings->owners, NULL, 0, &error);
        r = made < 0 ? made : bus_job_new(manager, m, "clone", ACTION_MANAGE, name, &job, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);
        r = bus_reply_job(m, job);
        if (r >= 0)
                r = container_clone(source, &request, job, &error);
        if (r < 0) {
                error_set_errno(&error, r, "cannot clone %s", source_name);
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

/* infos: NULL where there is no answer any more. */
static void on_templates(const TemplateInfo *infos, size_t n, void *userdata) {
        sd_bus_message *m = userdata, *reply = NULL;
        int r;

        r = infos ? sd_bus_message_new_method_return(m, &reply) : -ECANCELED;
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ssas)");
        for (size_t i = 0; i < n && r >= 0; i++) {
                if (!infos[i].name)
                        continue;
                r = sd_bus_message_open_container(reply, 'r', "ssas");
                if (r >= 0)
                        r = sd_bus_message_append(reply, "ss", infos[i].name, infos[i].description);
                if (r >= 0)
                        r = sd_bus_message_append_strv(reply, infos[i].variants);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        (void) bus_answered(m, r);
        sd_bus_message_unref(reply);
        sd_bus_message_unref(m);
}

static int method_list_templates(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        Manager *manager = userdata;
        int r;

        r = bus_authorize(manager, m, ACTION_INSPECT, "", "list-templates", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = template_query_join(manager, on_templates, sd_bus_message_ref(m), &error);
        if (r < 0) {
                sd_bus_message_unref(m);
                return bus_error(ret_error, &error, r);
        }
        return 1;
}

static int method_get_usage(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(viewer_freep) Viewer *viewer = NULL;
        sd_bus_message *reply = NULL;
        Manager *manager = userdata;
        Container *c;
        int r;

        r = deed_authorize_view(manager, m, "get-usage", &viewer, ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = bus_open_reply(m, "(sta{st})", &reply);
        MAP_FOREACH(c, &manager->containers) {
                if (r < 0 || !container_state_is_active(c->state) || !viewer_sees(viewer, c))
                        continue;
                r = sd_bus_message_open_container(reply, 'r', "sta{st}");
                if (r >= 0)
                        r = sd_bus_message_append(reply, "st", c->name, now_usec(CLOCK_MONOTONIC));
                if (r >= 0)
                        r = bus_append_usage(reply, c);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        return bus_send_reply(reply, r);
}

static int method_diagnose(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(finding_list_clear) FindingList l = {};
        sd_bus_message *reply = NULL;
        Manager *manager = userdata;
        int r;

        r = bus_authorize(manager, m, ACTION_INSPECT, "", "diagnose", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        diagnose(manager, &l);
        r = bus_open_reply(m, "(ssss)", &reply);
        for (size_t i = 0; i < l.n && r >= 0; i++)
                r = sd_bus_message_append(reply, "(ssss)", finding_level_to_string(l.items[i].level), l.items[i].check,
                                          l.items[i].state, l.items[i].advice);
        return bus_send_reply(reply, r);
}

static int method_reload(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Manager *manager = userdata;
        int r;

        r = bus_authorize(manager, m, ACTION_MANAGE, "", "reload", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        manager_reload(manager);
        return sd_bus_reply_method_return(m, NULL);
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
        SD_BUS_METHOD_WITH_ARGS("CloneContainer",
                                SD_BUS_ARGS("s", source, "s", name, "a(ss)", settings, "a{sv}", options),
                                SD_BUS_RESULT("o", job), method_clone_container, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetContainer", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", container), method_get_container,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListContainers", SD_BUS_ARGS("as", properties), SD_BUS_RESULT("a(oa{sv})", containers),
                                manager_method_list_containers, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListTemplates", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssas)", templates), method_list_templates,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetUsage", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sta{st})", usage), method_get_usage,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Diagnose", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssss)", findings), method_diagnose,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetProfile", SD_BUS_ARGS("s", name, "s", before, "s", after),
                                SD_BUS_RESULT("a(sass)", containers), manager_method_set_profile, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Reload", NULL, NULL, method_reload, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("JobRemoved",
                                SD_BUS_ARGS("o", job, "s", container, "s", result, "s", error_name, "s", error_message), 0),
        SD_BUS_VTABLE_END,
};
