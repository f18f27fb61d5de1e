/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "attachment-bus.h"
#include "attachment-request.h"
#include "bus.h"

/* What is given is any file or device of the host, and read with ctrd's rights: for who may
 * manage, as Bind= and Device= of the settings are, and for nobody who may less. */

static void on_changed(const Error *error, char *const *pending, void *userdata) {
        bus_later_done(error, userdata);
}

/* made: how the making of the request went. */
static int change(sd_bus_message *m, Container *c, SettingsRequest *request, int made, Error *error, sd_bus_error *ret_error) {
        LaterReply *later;
        int r;

        if (made < 0)
                return bus_error(ret_error, error, made);
        r = bus_reply_later(m, &later);
        if (r < 0)
                return r;
        r = settings_change_begin(c, request, on_changed, later, error);
        if (r < 0) {
                bus_later_drop(later);
                return bus_error(ret_error, error, r);
        }
        return 1;
}

int container_method_attach(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(settings_request_clear) SettingsRequest request = {};
        _cleanup_error_ Error error = ERROR_INIT;
        Container *c = userdata;
        const char *key, *value;
        int permanent, r;

        r = bus_authorize(c->manager, m, ACTION_MANAGE, c->name, "attach", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = sd_bus_message_read(m, "ssb", &key, &value, &permanent);
        if (r < 0)
                return r;
        if (attachment_kind_from_string(key) < 0)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
                                         "\"%.64s\" cannot be attached: say Bind, BindReadOnly, TemporaryFileSystem, Device or Credential", key);
        r = attachment_request_add(c, attachment_kind_from_string(key), value, permanent, &request, &error);
        return change(m, c, &request, r, &error, ret_error);
}

int container_method_detach(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(settings_request_clear) SettingsRequest request = {};
        _cleanup_error_ Error error = ERROR_INIT;
        Container *c = userdata;
        const char *target;
        int permanent, r;

        r = bus_authorize(c->manager, m, ACTION_MANAGE, c->name, "detach", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = sd_bus_message_read(m, "sb", &target, &permanent);
        if (r < 0)
                return r;
        r = attachment_request_remove(c, target, permanent, &request, &error);
        return change(m, c, &request, r, &error, ret_error);
}
