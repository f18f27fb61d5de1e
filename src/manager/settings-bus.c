/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "attachment.h"
#include "bus.h"
#include "deed.h"
#include "manager.h"
#include "message-size.h"
#include "paths.h"
#include "settings-bus.h"
#include "settings-change.h"
#include "strv.h"
#include "unit-limits.h"
#include "utf8.h"

#define SETTINGS_MAX 1024 /* in one request */
#define SETTINGS_OF_OWNER_MAX (64 * 1024) /* bytes that an owner may set at once, which replace one another */

static int reply_settings(sd_bus_message *m, const Settings *settings) {
        sd_bus_message *reply = NULL;
        int r = bus_open_reply(m, "(ssss)", &reply);

        for (size_t i = 0; i < settings_keys() && r >= 0; i++) {
                SettingInfo info = settings_key(i);
                _cleanup_strv_ char **values = NULL;

                r = settings_get(settings, info.key, &values);
                STRV_FOREACH(v, values)
                        r = r < 0 ? r
                                  : sd_bus_message_append(reply, "(ssss)", info.section, info.key, *v,
                                                          strempty(settings->origins[i]));
        }
        return bus_send_reply(reply, r);
}

/* A question for the limits of a scope; where it has gone meanwhile there are none. */
typedef struct Question {
        sd_bus_message *message;
        Settings *settings;
        char unit[UNIT_NAME_MAX];
} Question;

static void question_free(void *userdata) {
        Question *q = userdata;

        sd_bus_message_unref(q->message);
        settings_free(q->settings);
        free(q);
}

static int on_limits(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error) {
        Question *q = userdata;

        if (!sd_bus_message_is_method_error(answer, NULL))
                (void) unit_take_limits(answer, q->settings, q->unit);
        (void) reply_settings(q->message, q->settings);
        return 0;
}

/* Takes the settings. */
static int ask_for_limits(Container *c, sd_bus_message *m, Settings **settings) {
        Question *q = calloc(1, sizeof(*q));
        sd_bus_slot *slot = NULL;
        int r;

        if (!q)
                return -ENOMEM;
        q->message = sd_bus_message_ref(m);
        q->settings = TAKE_PTR(*settings);
        unit_scope_name(c->name, q->unit);
        r = unit_get_limits(c->manager->bus, c->name, on_limits, q, &slot);
        if (r < 0) {
                question_free(q);
                return r;
        }
        (void) sd_bus_slot_set_destroy_callback(slot, question_free);
        (void) sd_bus_slot_set_floating(slot, true);
        sd_bus_slot_unref(slot);
        return 1;
}

/* What the run has is what is said, where files say otherwise. */
static int take_attachments(Settings *settings, const Settings *run) {
        for (AttachmentKind i = 0; i < _ATTACHMENT_KIND_MAX; i++) {
                const char *key = attachment_kind_to_string(i);
                int r = settings_differ(settings, run, key) ? settings_copy(settings, run, key) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

int container_method_get_settings(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        Container *c = userdata;
        int r;

        r = bus_authorize(c->manager, m, ACTION_MANAGE, c->name, "get-settings", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = settings_files_load(c->name, NULL, &settings, &error);
        if (r >= 0 && container_state_is_active(c->state))
                r = take_attachments(settings, c->settings);
        if (r < 0)
                return bus_error(ret_error, &error, r);
        return c->state == CONTAINER_RUNNING || c->state == CONTAINER_FROZEN ? ask_for_limits(c, m, &settings) : reply_settings(m, settings);
}

int bus_read_assignments(sd_bus_message *m, char ***ret, sd_bus_error *ret_error) {
        _cleanup_strv_ char **assignments = NULL;
        const char *key, *value;
        size_t n = 0;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(ss)");
        while (r >= 0 && (r = sd_bus_message_read(m, "(ss)", &key, &value)) > 0) {
                if (++n > SETTINGS_MAX)
                        return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED, "more than %d settings in one request",
                                                 SETTINGS_MAX);
                /* It would be another key. */
                if (strchr(key, '='))
                        return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS, "there is no setting \"%.64s\"", key);
                r = strv_extendf(&assignments, "%s=%s", key, value);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(assignments);
        return 0;
}

/* Whether an owner may assign to all of these keys. */
static bool are_owners(char *const *assignments) {
        STRV_FOREACH(a, assignments) {
                _cleanup_free_ char *key = strndup(*a, strcspn(*a, "="));

                if (!key || !settings_are_owners(key))
                        return false;
        }
        return true;
}

static void on_changed(const Error *error, char *const *pending, void *userdata) {
        sd_bus_message *m = userdata, *reply = NULL;

        if (error) {
                sd_bus_error e = SD_BUS_ERROR_NULL;

                (void) bus_error(&e, error, -EIO);
                (void) bus_answered(m, sd_bus_reply_method_error(m, &e));
                sd_bus_error_free(&e);
        } else {
                int r = bus_open_reply(m, "s", &reply);

                STRV_FOREACH(key, pending)
                        if (r >= 0)
                                r = sd_bus_message_append(reply, "s", *key);
                (void) bus_answered(m, bus_send_reply(reply, r));
        }
        sd_bus_message_unref(m);
}

/* As at creation: what is asked for decides who may, and errors are for who may. made:
 * how the making of the request went, with its error. */
static int change(sd_bus_message *m, Container *c, SettingsRequest *request, bool owners, int made, Error *error,
                  sd_bus_error *ret_error) {
        bool privileged = made >= 0 && settings_is_privileged(request->settings) && !settings_is_privileged(c->settings);
        const Deed deed = {
                .action = privileged ? ACTION_MANAGE_PRIVILEGED : ACTION_MANAGE,
                .verb = "set-settings",
                .container = c->name,
                .foreign = privileged || !owners,
        };
        int r = deed_authorize(c->manager, m, &deed, ret_error);

        if (r <= 0)
                return r < 0 ? r : 1;
        if (made >= 0 && strv_contains(request->keys, "Owner"))
                made = owner_check(c->manager, request->settings->owners, c, 0, error);
        if (made < 0)
                return bus_error(ret_error, error, made);
        r = settings_change_begin(c, request, on_changed, sd_bus_message_ref(m), error);
        if (r < 0) {
                sd_bus_message_unref(m);
                return bus_error(ret_error, error, r);
        }
        return 1;
}

int container_method_set_settings(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(settings_request_clear) SettingsRequest request = {};
        _cleanup_strv_ char **assignments = NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        Container *c = userdata;
        size_t size = message_size(m, MESSAGE_SETTINGS_MAX);
        int runtime, r;

        if (size > MESSAGE_SETTINGS_MAX)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED, "settings of more than %d bytes", MESSAGE_SETTINGS_MAX);
        r = bus_read_assignments(m, &assignments, ret_error);
        if (r >= 0)
                r = sd_bus_message_read(m, "b", &runtime);
        if (r < 0)
                return r;
        r = settings_request_make(c, assignments, runtime, &request, &error);
        return change(m, c, &request, size <= SETTINGS_OF_OWNER_MAX && are_owners(assignments), r, &error, ret_error);
}

int container_method_get_settings_text(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        _cleanup_free_ char *text = NULL;
        Container *c = userdata;
        int r;

        r = bus_authorize(c->manager, m, ACTION_MANAGE, c->name, "get-settings-text", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = settings_text_read(c->name, &text, &error);
        if (r >= 0 && !utf8_is_valid(text))
                r = error_set(&error, EINVAL, "InvalidSettings", PATH_SETTINGS "/%s.conf is no UTF-8: edit the file itself", c->name);
        return r < 0 ? bus_error(ret_error, &error, r) : sd_bus_reply_method_return(m, "s", text);
}

int container_method_replace_settings(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(settings_request_clear) SettingsRequest request = {};
        _cleanup_error_ Error error = ERROR_INIT;
        const char *before, *after;
        Container *c = userdata;
        int r;

        r = sd_bus_message_read(m, "ss", &before, &after);
        if (r < 0)
                return r;
        if (strlen(after) > MESSAGE_SETTINGS_MAX)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED, "settings of more than %d bytes", MESSAGE_SETTINGS_MAX);
        r = settings_request_replace(c, before, after, &request, &error);
        /* The file is the administrator's, with what is between the settings. */
        return change(m, c, &request, false, r, &error, ret_error);
}
