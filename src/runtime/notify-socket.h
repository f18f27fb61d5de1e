/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Readiness as services tell it (sd_notify(3)). Where the runtime is given a
 * NOTIFY_SOCKET the container gets one of its own, in a directory of the state
 * that is mounted at that path, and the runtime tells its service manager when
 * the container says READY=1. Nothing else that a container says is handed on:
 * it would speak for the runtime.
 */

#include "config.h"
#include "container.h"
#include "error.h"

/* Adds directory, mount and variable. Does nothing without a NOTIFY_SOCKET. */
int notify_socket_prepare(Config *config, const Container *container, Error *error);

/* The container's socket, bound from now on; -EBADF where it has none or nobody
 * is to be told. */
int notify_socket_open(const Container *container);

/* Takes one message: whether it was the READY=1 that is waited for. */
bool notify_socket_is_ready(int fd);

/* Tells who waits for us. main_pid: who is to be watched from now on, 0: us. */
void notify_socket_tell(pid_t main_pid);

/* Until the container is ready, which is told, or has ended. */
void notify_socket_wait(int fd, int pidfd, pid_t main_pid);
