/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "direct-bus.h"
#include "exec-call.h"
#include "full.h"
#include "name.h"
#include "terminal.h"
#include "utf8.h"

static void put_option(DBusWriter *w, const char *name, const char *type) {
        dbus_put_struct(w);
        dbus_put_string(w, name);
        dbus_put_signature(w, type);
}

static void put_text(DBusWriter *w, const char *name, const char *text) {
        if (!text)
                return;
        put_option(w, name, "s");
        dbus_put_string(w, text);
}

static void put_number(DBusWriter *w, const char *name, const char *type, uint32_t value) {
        put_option(w, name, type);
        dbus_put_u32(w, value);
}

static void put_options(DBusWriter *w, const ExecRequest *q) {
        DBusArray options = dbus_begin_array(w, 8);
        unsigned columns = 0, rows = 0;

        if (q->environment) {
                put_option(w, "Environment", "as");
                dbus_put_strv(w, q->environment);
        }
        put_text(w, "User", q->user);
        put_text(w, "WorkingDirectory", q->directory);
        if (q->login)
                put_number(w, "LoginShell", "b", true);
        if (q->terminal) {
                terminal_size(STDOUT_FILENO, &columns, &rows);
                put_number(w, "Terminal", "b", true);
                if (columns > 0 && rows > 0) {
                        put_number(w, "Columns", "u", columns);
                        put_number(w, "Rows", "u", rows);
                }
        }
        dbus_end_array(w, options);
}

static void put_streams(DBusWriter *w, size_t n) {
        DBusArray streams = dbus_begin_array(w, sizeof(uint32_t));

        for (size_t i = 0; i < n; i++)
                dbus_put_u32(w, (uint32_t) i);
        dbus_end_array(w, streams);
}

static bool strv_is_utf8(char *const *l) {
        for (; l && *l; l++)
                if (!utf8_is_valid(*l))
                        return false;
        return true;
}

static bool is_utf8(const ExecRequest *q) {
        return strv_is_utf8(q->command) && strv_is_utf8(q->environment) && utf8_is_valid(strempty(q->user)) &&
               utf8_is_valid(strempty(q->directory));
}

static int call(const ExecRequest *q, const int *streams, size_t n_streams, int *ret_session) {
        char label[DBUS_LABEL_MAX], path[sizeof("/org/ctrd1/container/") + DBUS_LABEL_MAX];
        const DBusCall head = {
                .serial = DIRECT_BUS_SERIAL,
                .destination = "org.ctrd1",
                .path = path,
                .interface = "org.ctrd1.Container",
                .member = "Exec",
                .signature = "asa{sv}ah",
                .n_fds = (uint32_t) n_streams,
        };
        DBusWriter body = {}, message = {};
        DirectBus bus;
        int r;

        if (!name_is_valid(q->container) || dbus_label(q->container, label) < 0 || !is_utf8(q))
                return -ENOMSG; /* the other program has a sentence for it */
        snprintf(path, sizeof(path), "/org/ctrd1/container/%s", label);
        dbus_put_strv(&body, q->command);
        put_options(&body, q);
        put_streams(&body, n_streams);
        dbus_put_call(&message, &head, &body);

        r = direct_bus_open(&bus, DIRECT_BUS_PATH) < 0 ? -ENOMSG : direct_bus_call(&bus, &message, streams, n_streams, ret_session);
        direct_bus_close(&bus);
        dbus_writer_clear(&body);
        dbus_writer_clear(&message);
        return r;
}

int exec_call(Ctl *ctl, const ExecRequest *q, const int *streams, size_t n_streams, int *ret_session, Error *error) {
        int r = call(q, streams, n_streams, ret_session);

        if (r == -ENOMSG) /* nothing was done: let it be tried, and explained, with all means */
                return full_run(ctl->argv, error);
        if (r < 0)
                return error_set_errno(error, r, "ctrd ended before it answered, or answered nonsense: see systemctl status ctrd.service");
        return 0;
}
