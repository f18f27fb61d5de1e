/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "bus.h"
#include "exec-call.h"
#include "fd.h"
#include "terminal.h"

static int append_option(sd_bus_message *m, const char *name, const char *type, const void *value) {
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', type);
        if (r >= 0)
                r = type[0] == 'a' ? sd_bus_message_append_strv(m, (char **) value) : sd_bus_message_append_basic(m, type[0], value);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_options(sd_bus_message *m, const ExecRequest *q) {
        uint32_t columns = 0, rows = 0;
        int yes = 1;
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0 && q->environment)
                r = append_option(m, "Environment", "as", q->environment);
        if (r >= 0 && q->user)
                r = append_option(m, "User", "s", q->user);
        if (r >= 0 && q->directory)
                r = append_option(m, "WorkingDirectory", "s", q->directory);
        if (r >= 0 && q->login)
                r = append_option(m, "LoginShell", "b", &yes);
        if (r >= 0 && q->terminal) {
                terminal_size(STDOUT_FILENO, &columns, &rows);
                r = append_option(m, "Terminal", "b", &yes);
                if (r >= 0 && columns > 0 && rows > 0) {
                        r = append_option(m, "Columns", "u", &columns);
                        if (r >= 0)
                                r = append_option(m, "Rows", "u", &rows);
                }
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_streams(sd_bus_message *m, const int *streams, size_t n) {
        int r = sd_bus_message_open_container(m, 'a', "h");

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_message_append_basic(m, 'h', &streams[i]); /* it takes a duplicate */
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* One method call, and nothing else: how long this takes is what is felt. */
int exec_call(Ctl *ctl, const ExecRequest *q, const int *streams, size_t n_streams, int *ret_session, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_free_ char *path = NULL;
        int fd, r;

        r = bus_container_path(q->container, &path, error);
        if (r >= 0)
                r = bus_method(ctl, path, BUS_CONTAINER, "Exec", &m, error);
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(m, (char **) q->command);
        if (r >= 0)
                r = append_options(m, q);
        if (r >= 0)
                r = append_streams(m, streams, n_streams);
        if (r < 0)
                return bus_message_error(error, r);

        r = bus_call(ctl, m, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read_basic(reply, 'h', &fd);
        if (r < 0)
                return bus_message_error(error, r);
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* the message keeps its own */
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot keep the session");
        *ret_session = fd;
        return 0;
}
