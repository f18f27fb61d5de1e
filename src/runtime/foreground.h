/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A runtime that stays: waits for a process, hands on the signals that it
 * gets itself, and carries its terminal to and from the process's.
 */

#include "error.h"
#include "macro.h"

typedef struct Foreground {
        int signals; /* signalfd */
        int master;  /* of the process's terminal, or -1: no relay */
        int notify;  /* the container's notify socket, or -1: see notify-socket.h */
} Foreground;

#define FOREGROUND_INIT ((Foreground){ .signals = -EBADF, .master = -EBADF, .notify = -EBADF })

/* Before the process is made: from now on signals wait to be handed on. */
int foreground_prepare(Foreground *f, Error *error);

/* Until the process ends. Returns its exit status, or 128 + the signal that
 * killed it, or a negative errno. */
int foreground_wait(Foreground *f, int pidfd, Error *error);

/* Receives a terminal's master that its maker sent over a socket. */
int terminal_receive(int from, int *ret_master, Error *error);

void foreground_close(Foreground *f);
