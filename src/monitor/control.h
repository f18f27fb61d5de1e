/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The control socket: connections that come and go, requests parsed and
 * checked, replies and events sent. The protocol stands in
 * docs/architecture.md. Nobody is waited for: who does not read is dropped.
 */

#include "error.h"
#include "loop.h"
#include "wire.h"

#define CONTROL_CONNECTIONS_MAX 8
#define CONTROL_FDS_MAX 6

typedef enum ControlCommand {
        CONTROL_CREATE,
        CONTROL_START,
        CONTROL_STOP,
        CONTROL_KILL,
        CONTROL_ATTACH,
        CONTROL_RESIZE,
        CONTROL_EXEC,
        CONTROL_ABORT,
        CONTROL_FREEZE,
        CONTROL_THAW,
        CONTROL_MOUNT,
        CONTROL_UNMOUNT,
        CONTROL_UPDATE,
        CONTROL_SOFT_REBOOT,
        _CONTROL_COMMAND_MAX,
        _CONTROL_COMMAND_INVALID = -EINVAL,
} ControlCommand;

typedef struct ControlRequest {
        ControlCommand command;
        int signal; /* 0: not given */
        bool has_timeout;
        uint64_t timeout;
        bool whom_all;
        bool readonly;
        bool terminal;
        bool lease; /* the last descriptor is closed when what was asked for is gone */
        unsigned columns;
        unsigned rows;
        const char *type, *source, *target, *options; /* into the message; NULL: not given */
        int fds[CONTROL_FDS_MAX]; /* the handler takes what it wants (TAKE_FD); the rest is closed */
        size_t n_fds;
} ControlRequest;

typedef struct Control Control;

typedef struct ControlOps {
        /* 0: done, a reply is sent; positive: control_complete() follows;
         * negative errno: refused, with a sentence in error. */
        int (*request)(void *userdata, ControlRequest *request, Error *error);
        /* Adds the lines behind EVENT=snapshot. */
        void (*snapshot)(void *userdata, WireWriter *writer);
        /* The last connection is gone. */
        void (*alone)(void *userdata);
} ControlOps;

typedef struct ControlConnection {
        Control *control; /* NULL: a free place */
        int fd;
        Source source;
        uint32_t pending; /* a bit for each command that awaits its reply */
} ControlConnection;

struct Control {
        Loop *loop;
        const ControlOps *ops;
        void *userdata;
        char *path;
        int listener;
        Source source;
        ControlConnection connections[CONTROL_CONNECTIONS_MAX];
};

const char *control_command_to_string(ControlCommand command);
ControlCommand control_command_from_string(const char *s);

/* Reads a message of n bytes, which it cuts up; data[n] must be writable.
 * Unknown commands and keys, keys that do not belong to the command, values of
 * the wrong form and missing ones are -EINVAL. The command is set as soon as
 * it is known, for the reply. */
int control_parse(char *data, size_t n, ControlRequest *ret, Error *error);

/* Binds the socket (mode 0600; root only, and asked of the kernel again at
 * each connection) and takes the first connection, already connected, or -1. */
int control_open(Control *control, Loop *loop, const char *path, int first, const ControlOps *ops, void *userdata);

unsigned control_count(const Control *control);

/* Sends an event to every connection. */
void control_send(Control *control, const WireWriter *writer);

/* Replies to all who wait for a command. errnum 0: it worked. */
void control_complete(Control *control, ControlCommand command, int errnum, const char *message);

/* Whether anybody still waits for the reply to a command. */
bool control_awaits(const Control *control, ControlCommand command);

/* Closes everything, and removes the socket. */
void control_close(Control *control);
