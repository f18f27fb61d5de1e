/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Unix sockets by path. Paths past the 107 bytes of sun_path are reached
 * through a descriptor of their directory.
 */

#include <sys/types.h>

#include "macro.h"

/* Binds (replacing what lies there) and, for types other than SOCK_DGRAM,
 * listens. The socket is close-on-exec and non-blocking. type: SOCK_SEQPACKET,
 * SOCK_STREAM or SOCK_DGRAM. Returns the descriptor or a negative errno. */
int socket_listen(const char *path, int type, mode_t mode);

/* Connects, close-on-exec, blocking. */
int socket_connect(const char *path, int type);

int socket_pair(int type, int ret_fds[static 2]);
