/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A request to criu as data: the options of the command line and what was found
 * out about the container become the protocol's message and a list of
 * descriptors. Nothing in here acts.
 */

#include <sys/types.h>

#include "arena.h"
#include "criu-options.h"
#include "criu.pb-c.h"
#include "error.h"
#include "macro.h"

/* Numbers of criu's descriptors: its standard streams, the socket, then what it
 * inherits. */
#define CRIU_FD_SOCKET 3
#define CRIU_FD_INHERITED 4
#define CRIU_INHERITED_MAX 16

#define CRIU_LOG_DUMP "dump.log"
#define CRIU_LOG_RESTORE "restore.log"

typedef struct CriuRequest {
        Arena arena;
        CriuRpcType type;
        CriuRpcOptions message;
        int fds[CRIU_INHERITED_MAX]; /* the i-th becomes CRIU_FD_INHERITED + i */
        bool fds_owned[CRIU_INHERITED_MAX];
        size_t n_fds;
        size_t n_mounts_room, n_externals_room, n_inherits_room, n_joins_room, n_roots_room;
} CriuRequest;

/* images, work: descriptors of directories of ours; work may be -1. type: of
 * a dump, a pre-dump or a restore. */
int criu_request_init(CriuRequest *request, CriuRpcType type, const CriuOptions *o, int images, int work);
void criu_request_clear(CriuRequest *request);

/* All of these copy their strings; 0 or a negative errno. */
int criu_request_set(CriuRequest *request, char **field, const char *value);
int criu_request_add_mount(CriuRequest *request, const char *key, const char *value);
int criu_request_add_external(CriuRequest *request, const char *format, ...) _printf_(2, 3);
int criu_request_add_cgroup_root(CriuRequest *request, const char *path);

/* Hands a descriptor on, borrowed or (also on failure) taken over. Returns its
 * number in criu. */
int criu_request_add_fd(CriuRequest *request, int fd);
int criu_request_take_fd(CriuRequest *request, int fd);

/* What the images know as key is to be criu's descriptor fd. */
int criu_request_add_inherit(CriuRequest *request, const char *key, int fd);

/* The namespace of a kind ("ipc") that is joined is criu's descriptor fd. */
int criu_request_add_join(CriuRequest *request, const char *kind, int fd);
