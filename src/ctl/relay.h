/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Bytes between our standard streams and a remote end (a pty's master or
 * a stream socket) until something happens that the caller must see to. Nothing
 * is read that cannot be written on, so a slow side slows the other.
 */

#include "detach.h"

typedef struct Relay {
        int remote;         /* -1: none yet, or it is at its end; not owned */
        bool is_pty;        /* the end of input becomes Ctrl-D in there */
        bool read_only;     /* input only serves the detach keys */
        bool detachable;
        bool input_ended;
        Detach detach;
        char in[4096], out[16384];
        size_t in_begin, in_end;
} Relay;

typedef enum RelayEvent {
        RELAY_WATCHED,  /* one of the watched descriptors is readable */
        RELAY_DETACHED, /* the keys were typed */
        RELAY_ENDED,    /* the remote end is; remote is -1 now */
        RELAY_OUTPUT_LOST, /* our own output is: nobody reads it */
} RelayEvent;

#define RELAY_WATCH_MAX 4

void relay_init(Relay *r);
void relay_set_remote(Relay *r, int fd, bool is_pty);

/* Runs until an event. watch: more descriptors to look at; *ret_ready gets the
 * index of one that is readable. Negative errno: poll(2) failed. */
int relay_run(Relay *r, const int *watch, size_t n_watch, size_t *ret_ready);

/* Writes what the remote end has still to say, without waiting for more. */
void relay_drain(Relay *r);
