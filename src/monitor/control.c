/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <sys/socket.h>

#include "control.h"
#include "fd.h"
#include "parse.h"
#include "socket.h"

static const char *const commands[_CONTROL_COMMAND_MAX] = {
        [CONTROL_CREATE] = "create", [CONTROL_START] = "start",   [CONTROL_STOP] = "stop", [CONTROL_KILL] = "kill",
        [CONTROL_ATTACH] = "attach", [CONTROL_RESIZE] = "resize", [CONTROL_EXEC] = "exec", [CONTROL_ABORT] = "abort",
        [CONTROL_FREEZE] = "freeze", [CONTROL_THAW] = "thaw",     [CONTROL_MOUNT] = "mount",
        [CONTROL_UNMOUNT] = "unmount", [CONTROL_UPDATE] = "update", [CONTROL_SOFT_REBOOT] = "soft-reboot",
};

const char *control_command_to_string(ControlCommand command) {
        return command >= 0 && command < _CONTROL_COMMAND_MAX ? commands[command] : NULL;
}

ControlCommand control_command_from_string(const char *s) {
        for (size_t i = 0; i < ELEMENTSOF(commands); i++)
                if (streq(commands[i], s))
                        return (ControlCommand) i;
        return _CONTROL_COMMAND_INVALID;
}

static int parse_number(const char *value, uint64_t max, unsigned *ret) {
        uint64_t number;
        int r = parse_uint_max(value, max, &number);

        if (r >= 0)
                *ret = (unsigned) number;
        return r;
}

static int take_signal(const char *value, ControlRequest *request) {
        unsigned number;

        if (parse_number(value, (uint64_t) SIGRTMAX, &number) < 0 || number == 0)
                return -EINVAL;
        request->signal = (int) number;
        return 0;
}

static int take_timeout(const char *value, ControlRequest *request) {
        request->has_timeout = true;
        request->timeout = USEC_INFINITY;
        return streq(value, "infinity") ? 0 : parse_u64(value, &request->timeout);
}

static int take_whom(const char *value, ControlRequest *request) {
        request->whom_all = streq(value, "all");
        return request->whom_all || streq(value, "init") ? 0 : -EINVAL;
}

static int take_readonly(const char *value, ControlRequest *request) {
        int r = parse_bool(value);

        request->readonly = r > 0;
        return r;
}

static int take_terminal(const char *value, ControlRequest *request) {
        int r = parse_bool(value);

        request->terminal = r > 0;
        return r;
}

static int take_lease(const char *value, ControlRequest *request) {
        int r = parse_bool(value);

        request->lease = r > 0;
        return r;
}

static int take_columns(const char *value, ControlRequest *request) {
        return parse_number(value, UINT16_MAX, &request->columns);
}

static int take_rows(const char *value, ControlRequest *request) {
        return parse_number(value, UINT16_MAX, &request->rows);
}

static int take_type(const char *value, ControlRequest *request) {
        request->type = value;
        return 0;
}

static int take_source(const char *value, ControlRequest *request) {
        request->source = value;
        return *value == 0 || *value == '/' ? 0 : -EINVAL;
}

static int take_target(const char *value, ControlRequest *request) {
        request->target = value;
        return *value == '/' ? 0 : -EINVAL;
}

static int take_options(const char *value, ControlRequest *request) {
        request->options = value;
        return 0;
}

#define BIT(command) (UINT32_C(1) << (command))

static const struct ControlKey {
        const char *key;
        int (*take)(const char *value, ControlRequest *request);
        uint32_t allowed;
        uint32_t needed;
} keys[] = {
        { "SIGNAL", take_signal, BIT(CONTROL_STOP) | BIT(CONTROL_KILL), BIT(CONTROL_KILL) },
        { "TIMEOUT_USEC", take_timeout, BIT(CONTROL_STOP), 0 },
        { "WHOM", take_whom, BIT(CONTROL_KILL), BIT(CONTROL_KILL) },
        { "READONLY", take_readonly, BIT(CONTROL_ATTACH), 0 },
        { "TERMINAL", take_terminal, BIT(CONTROL_EXEC), 0 },
        { "LEASE", take_lease, BIT(CONTROL_ATTACH) | BIT(CONTROL_EXEC), 0 },
        { "COLUMNS", take_columns, BIT(CONTROL_RESIZE), BIT(CONTROL_RESIZE) },
        { "ROWS", take_rows, BIT(CONTROL_RESIZE), BIT(CONTROL_RESIZE) },
        { "TYPE", take_type, BIT(CONTROL_MOUNT) | BIT(CONTROL_UNMOUNT), BIT(CONTROL_MOUNT) | BIT(CONTROL_UNMOUNT) },
        { "SOURCE", take_source, BIT(CONTROL_MOUNT) | BIT(CONTROL_UNMOUNT), 0 },
        { "TARGET", take_target, BIT(CONTROL_MOUNT) | BIT(CONTROL_UNMOUNT), BIT(CONTROL_MOUNT) | BIT(CONTROL_UNMOUNT) },
        { "OPTIONS", take_options, BIT(CONTROL_MOUNT), 0 },
};

static int take_key(const char *key, const char *value, ControlRequest *request, uint32_t *seen, Error *error) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (!streq(keys[i].key, key) || !(keys[i].allowed & BIT(request->command)))
                        continue;
                if (*seen & BIT(i))
                        return error_set(error, EINVAL, NULL, "%s= is given twice.", key);
                *seen |= BIT(i);
                if (keys[i].take(value, request) < 0)
                        return error_set(error, EINVAL, NULL, "%s= cannot be \"%s\".", key, value);
                return 0;
        }
        return error_set(error, EINVAL, NULL, "The command %s has no %s=.", control_command_to_string(request->command),
                         key);
}

int control_parse(char *data, size_t n, ControlRequest *ret, Error *error) {
        const char *key, *value;
        WireReader reader;
        uint32_t seen = 0;
        int r;

        ret->command = _CONTROL_COMMAND_INVALID;
        wire_read_begin(&reader, data, n);
        r = wire_read_next(&reader, &key, &value);
        if (r <= 0 || !streq(key, "COMMAND"))
                return error_set(error, EINVAL, NULL, "A message must begin with COMMAND=.");
        ret->command = control_command_from_string(value);
        if (ret->command < 0)
                return error_set(error, EINVAL, NULL, "There is no command %s.", value);

        while ((r = wire_read_next(&reader, &key, &value)) > 0) {
                r = take_key(key, value, ret, &seen, error);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return error_set(error, EINVAL, NULL, "A message has a line that is not KEY=VALUE.");

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if ((keys[i].needed & BIT(ret->command)) && !(seen & BIT(i)))
                        return error_set(error, EINVAL, NULL, "The command %s needs %s=.",
                                         control_command_to_string(ret->command), keys[i].key);
        return 0;
}

static void connection_close(ControlConnection *connection) {
        Control *control = connection->control;

        source_remove(&connection->source);
        fd_close(connection->fd);
        *connection = (ControlConnection){ .fd = -EBADF };
        if (control_count(control) == 0)
                control->ops->alone(control->userdata);
}

static void connection_send(ControlConnection *connection, const WireWriter *writer) {
        if (!connection->control)
                return;
        /* What does not fit can be nothing but a mistake of ours: values are
         * bounded. A client that is so far behind is of no use to anybody. */
        if (writer->overflow || fd_send(connection->fd, writer->data, writer->size, NULL, 0) < 0)
                connection_close(connection);
}

static void connection_reply(ControlConnection *connection, ControlCommand command, int errnum, const char *message) {
        WireWriter writer;

        wire_begin(&writer);
        wire_put(&writer, "EVENT", "reply");
        wire_put(&writer, "COMMAND", strempty(control_command_to_string(command)));
        wire_put_u64(&writer, "ERRNO", (uint64_t) errnum);
        if (errnum != 0)
                wire_put(&writer, "MESSAGE", strempty(message));
        connection_send(connection, &writer);
}

static void connection_request(ControlConnection *connection, char *data, size_t n, ControlRequest *request) {
        _cleanup_error_ Error error = ERROR_INIT;
        Control *control = connection->control;
        int r;

        r = control_parse(data, n, request, &error);
        if (r >= 0 && (connection->pending & BIT(request->command)))
                r = error_set(&error, EALREADY, NULL, "The command %s is being carried out already.",
                              control_command_to_string(request->command));
        else if (r >= 0) {
                /* Before it is begun: it may be complete before it returns. */
                connection->pending |= BIT(request->command);
                r = control->ops->request(control->userdata, request, &error);
                if (r > 0)
                        return;
                connection->pending &= ~BIT(request->command);
        }

        if (r < 0 && !error_is_set(&error))
                (void) error_set_errno(&error, r, "The command failed");
        connection_reply(connection, request->command, -r, r < 0 ? error_message(&error) : NULL);
}

static void connection_event(void *userdata, uint32_t events) {
        ControlConnection *connection = userdata;
        ControlRequest request = {};
        char data[WIRE_MAX + 1];
        ssize_t k;

        k = fd_receive(connection->fd, data, WIRE_MAX, request.fds, CONTROL_FDS_MAX, &request.n_fds);
        if (k == -EAGAIN)
                return;
        if (k <= 0) {
                connection_close(connection);
                return;
        }
        connection_request(connection, data, (size_t) k, &request);
        for (size_t i = 0; i < request.n_fds; i++)
                fd_close(request.fds[i]);
}

/* Takes ownership of fd in any case. */
static int connection_add(Control *control, int fd) {
        _cleanup_fd_ int owned = fd;
        ControlConnection *connection = NULL;
        struct ucred peer;
        socklen_t size = sizeof(peer);
        WireWriter writer;
        int r;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return -errno;
        if (peer.uid != 0)
                return -EPERM;
        for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX && !connection; i++)
                if (!control->connections[i].control)
                        connection = &control->connections[i];
        if (!connection)
                return -EUSERS;

        r = fd_set_nonblock(fd, true);
        if (r >= 0)
                r = source_add(&connection->source, control->loop, fd, EPOLLIN, connection_event, connection);
        if (r < 0)
                return r;
        connection->control = control;
        connection->fd = TAKE_FD(owned);
        connection->pending = 0;

        wire_begin(&writer);
        wire_put(&writer, "EVENT", "snapshot");
        control->ops->snapshot(control->userdata, &writer);
        connection_send(connection, &writer);
        return 0;
}

static void control_accept(void *userdata, uint32_t events) {
        Control *control = userdata;
        int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0)
                (void) connection_add(control, fd);
}

int control_open(Control *control, Loop *loop, const char *path, int first, const ControlOps *ops, void *userdata) {
        int r;

        *control = (Control){ .loop = loop, .ops = ops, .userdata = userdata, .listener = -EBADF };
        for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
                control->connections[i].fd = -EBADF;

        control->path = strdup(path);
        if (!control->path)
                return -ENOMEM;
        r = socket_listen(path, SOCK_SEQPACKET, 0600);
        if (r < 0)
                return r;
        control->listener = r;
        r = source_add(&control->source, loop, control->listener, EPOLLIN, control_accept, control);
        if (r < 0)
                return r;
        return first >= 0 ? connection_add(control, first) : 0;
}

unsigned control_count(const Control *control) {
        unsigned n = 0;

        for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
                n += control->connections[i].control != NULL;
        return n;
}

void control_send(Control *control, const WireWriter *writer) {
        for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
                connection_send(&control->connections[i], writer);
}

void control_complete(Control *control, ControlCommand command, int errnum, const char *message) {
        for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
                ControlConnection *connection = &control->connections[i];

                if (!connection->control || !(connection->pending & BIT(command)))
                        continue;
                connection->pending &= ~BIT(command);
                connection_reply(connection, command, errnum, message);
        }
}

bool control_awaits(const Control *control, ControlCommand command) {
        for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
                if (control->connections[i].control && (control->connections[i].pending & BIT(command)))
                        return true;
        return false;
}

void control_close(Control *control) {
        source_remove(&control->source);
        control->listener = fd_close(control->listener);
        if (control->path)
                (void) unlink(control->path);
        free(control->path);
        control->path = NULL;
        for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
                ControlConnection *connection = &control->connections[i];

                source_remove(&connection->source);
                fd_close(connection->fd);
                *connection = (ControlConnection){ .fd = -EBADF };
        }
}
