/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus.h"
#include "message-size.h"
#include "profile-change.h"
#include "profile-bus.h"
#include "strv.h"
#include "utf8.h"

/* a(sass): of each container that has it and is touched by the change. */
static int append_users(sd_bus_message *reply, const ProfileUser *users, size_t n) {
        int r = sd_bus_message_open_container(reply, 'a', "(sass)");

        for (size_t i = 0; i < n && r >= 0; i++) {
                r = sd_bus_message_open_container(reply, 'r', "sass");
                if (r >= 0)
                        r = sd_bus_message_append(reply, "s", users[i].container);
                if (r >= 0)
                        r = sd_bus_message_append_strv(reply, users[i].pending);
                if (r >= 0)
                        r = sd_bus_message_append(reply, "s", strempty(users[i].message));
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void on_changed(const ProfileUser *users, size_t n, void *userdata) {
        sd_bus_message *m = userdata, *reply = NULL;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = append_users(reply, users, n);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        (void) bus_answered(m, r);
        sd_bus_message_unref(reply);
        sd_bus_message_unref(m);
}

/* As with settings of containers: what is asked for decides who may, and errors are for who
 * may. made: how the making of the request went. */
static int change(Manager *manager, sd_bus_message *m, ProfileRequest *request, int made, const char *verb, Error *error,
                  sd_bus_error *ret_error) {
        const char *action = made >= 0 && request->privileged ? ACTION_MANAGE_PRIVILEGED : ACTION_MANAGE;
        int r = bus_authorize(manager, m, action, "", verb, ret_error);

        if (r <= 0)
                return r < 0 ? r : 1;
        if (made < 0)
                return bus_error(ret_error, error, made);
        r = profile_change_begin(manager, request, on_changed, sd_bus_message_ref(m), error);
        if (r < 0) {
                sd_bus_message_unref(m);
                return bus_error(ret_error, error, r);
        }
        return 1;
}

int manager_method_set_profile(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(profile_request_clear) ProfileRequest request = {};
        _cleanup_error_ Error error = ERROR_INIT;
        const char *name, *before, *after;
        Manager *manager = userdata;
        int r;

        if (message_size(m, 2 * MESSAGE_SETTINGS_MAX) > 2 * MESSAGE_SETTINGS_MAX)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED, "a profile of more than %d bytes", MESSAGE_SETTINGS_MAX);
        r = sd_bus_message_read(m, "sss", &name, &before, &after);
        if (r < 0)
                return r;
        r = profile_request_set(manager, name, before, after, &request, &error);
        return change(manager, m, &request, r, "set-profile", &error, ret_error);
}

static int method_remove(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(profile_request_clear) ProfileRequest request = {};
        _cleanup_error_ Error error = ERROR_INIT;
        Profile *profile = userdata;
        int r = profile_request_remove(profile->manager, profile->name, &request, &error);

        return change(profile->manager, m, &request, r, "remove-profile", &error, ret_error);
}

static int method_get_text(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        _cleanup_free_ char *text = NULL;
        Profile *profile = userdata;
        char path[PATH_MAX];
        int r;

        /* There may be secrets, as in settings of containers. */
        r = bus_authorize(profile->manager, m, ACTION_MANAGE, "", "get-profile", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = profile_file_read(profile->name, path, &text, &error);
        if (r >= 0 && !utf8_is_valid(text))
                r = error_set(&error, EINVAL, "InvalidSettings", "%s is no UTF-8: edit the file itself", path);
        return r < 0 ? bus_error(ret_error, &error, r) : sd_bus_reply_method_return(m, "s", text);
}

static int property_text(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                         void *userdata, sd_bus_error *ret_error) {
        const Profile *profile = userdata;

        return sd_bus_message_append(reply, "s", streq(property, "Name") ? profile->name : profile->file);
}

const sd_bus_vtable profile_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Name", "s", property_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("File", "s", property_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD_WITH_ARGS("GetText", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", text), method_get_text, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sass)", containers), method_remove,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
