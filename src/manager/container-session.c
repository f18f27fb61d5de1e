/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What goes on between a client and a running container: commands, console,
 * signals. The manager makes the socket pair, gives one end to the monitor and
 * the other to the client, and is out of it.
 */

#include <stdio.h>
#include <sys/socket.h>

#include "container.h"
#include "fd.h"
#include "json-text.h"
#include "manager.h"
#include "parse.h"
#include "socket.h"

static const char *const whoms[_KILL_WHOM_MAX] = {
        [KILL_INIT] = "init",
        [KILL_ALL] = "all",
};

KillWhom kill_whom_from_string(const char *s) {
        for (KillWhom i = 0; i < _KILL_WHOM_MAX; i++)
                if (streq_ptr(whoms[i], s))
                        return i;
        return _KILL_WHOM_INVALID;
}

static int check_running(Container *c, Error *error) {
        if (!c->link || c->ending || c->leader <= 0)
                return error_set(error, ENOENT, "NotRunning", "container %s is not running: start it first", c->name);
        return 0;
}

int container_kill(Container *c, KillWhom whom, int sig, MonitorReply reply, void *userdata, Error *error) {
        WireWriter w;
        int r;

        r = check_running(c, error);
        if (r < 0)
                return r;
        wire_begin(&w);
        wire_put(&w, "COMMAND", "kill");
        wire_put(&w, "WHOM", whoms[whom]);
        wire_put_u64(&w, "SIGNAL", (uint64_t) sig);
        r = monitor_link_send(c->link, &w, NULL, 0, reply, userdata);
        if (r < 0)
                return error_set_errno(error, r, "cannot talk to the monitor of %s", c->name);
        return 0;
}

int container_set_frozen(Container *c, bool frozen, MonitorReply reply, void *userdata, Error *error) {
        WireWriter w;
        int r;

        if (container_state_is_active(c->state) &&
            container_state_next(c->state, frozen ? EVENT_FREEZE : EVENT_THAW) < 0)
                return error_set(error, EBUSY, "Busy", "container %s is %s: try again when it is running", c->name,
                                 container_state_to_string(c->state));
        r = check_running(c, error);
        if (r < 0)
                return r;
        wire_begin(&w);
        wire_put(&w, "COMMAND", frozen ? "freeze" : "thaw");
        r = monitor_link_send(c->link, &w, NULL, 0, reply, userdata);
        if (r < 0)
                return error_set_errno(error, r, "cannot talk to the monitor of %s", c->name);
        return 0;
}

/* The OCI process, in memory. */
static int process_file(json_t *process) {
        char *text = json_text(process, JSON_COMPACT);
        int r = text ? fd_sealed("process", text, strlen(text)) : -ENOMEM;

        free(text);
        return r;
}

int container_exec(Container *c, const ExecRequest *request, const int *streams, size_t n_streams, int lease, MonitorReply reply,
                   void *userdata, int *ret_session, Error *error) {
        _cleanup_fd_ int process = -EBADF, ours = -EBADF, theirs = -EBADF;
        char dir[4096];
        json_t *json;
        Launch launch;
        WireWriter w;
        int pair[2], fds[6], r;
        size_t n = 0;

        r = check_running(c, error);
        if (r < 0)
                return r;
        if (c->state == CONTAINER_FROZEN)
                return error_set(error, EBUSY, "Busy", "container %s is frozen: thaw it first", c->name);
        if (n_streams != (request->terminal ? 0 : 3))
                return error_set(error, EINVAL, "InvalidArguments",
                                 "give three streams (input, output, error), or none with a terminal");

        r = container_launch(c, &launch, dir, sizeof(dir), error);
        if (r >= 0)
                r = exec_compile(&launch, request, &json);
        if (r >= 0) {
                r = process = process_file(json);
                json_decref(json);
        }
        if (r >= 0)
                r = socket_pair(SOCK_SEQPACKET, pair);
        if (r < 0)
                return error_is_set(error) ? r : error_set_errno(error, r, "cannot prepare the command");
        ours = pair[0];
        theirs = pair[1];

        for (size_t i = 0; i < n_streams; i++)
                fds[n++] = streams[i];
        fds[n++] = theirs;
        fds[n++] = process;
        if (lease >= 0)
                fds[n++] = lease;

        wire_begin(&w);
        wire_put(&w, "COMMAND", "exec");
        if (request->terminal)
                wire_put(&w, "TERMINAL", "yes");
        if (lease >= 0)
                wire_put(&w, "LEASE", "yes");
        r = monitor_link_send(c->link, &w, fds, n, reply, userdata);
        if (r < 0)
                return error_set_errno(error, r, "cannot talk to the monitor of %s", c->name);
        *ret_session = TAKE_FD(ours);
        return 0;
}

int container_open_console(Container *c, bool read_only, int lease, MonitorReply reply, void *userdata, int *ret_stream,
                           Error *error) {
        _cleanup_fd_ int ours = -EBADF, theirs = -EBADF;
        WireWriter w;
        int pair[2], fds[2], r;

        r = check_running(c, error);
        if (r < 0)
                return r;
        r = socket_pair(SOCK_STREAM, pair);
        if (r < 0)
                return error_set_errno(error, r, "cannot make a socket pair");
        ours = pair[0];
        theirs = pair[1];

        wire_begin(&w);
        wire_put(&w, "COMMAND", "attach");
        if (read_only)
                wire_put(&w, "READONLY", "yes");
        if (lease >= 0)
                wire_put(&w, "LEASE", "yes");
        fds[0] = theirs;
        fds[1] = lease;
        r = monitor_link_send(c->link, &w, fds, lease >= 0 ? 2 : 1, reply, userdata);
        if (r < 0)
                return error_set_errno(error, r, "cannot talk to the monitor of %s", c->name);
        *ret_stream = TAKE_FD(ours);
        return 0;
}

int container_resize_console(Container *c, uint32_t columns, uint32_t rows, Error *error) {
        WireWriter w;
        int r;

        if (columns == 0 || rows == 0 || columns > UINT16_MAX || rows > UINT16_MAX)
                return error_set(error, EINVAL, "InvalidArguments", "a terminal has 1 to 65535 columns and rows");
        r = check_running(c, error);
        if (r < 0)
                return r;
        wire_begin(&w);
        wire_put(&w, "COMMAND", "resize");
        wire_put_u64(&w, "COLUMNS", columns);
        wire_put_u64(&w, "ROWS", rows);
        r = monitor_link_send(c->link, &w, NULL, 0, NULL, NULL);
        if (r < 0)
                return error_set_errno(error, r, "cannot talk to the monitor of %s", c->name);
        return 0;
}
