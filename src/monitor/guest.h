/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the guest's PID 1 has said of where it is, as others are told it. The guest may
 * say something else all the time, and each of its words goes to every user of the host's
 * bus: they are told at a bounded rate, and the last one is never lost.
 */

#include "loop.h"
#include "notify.h"
#include "wire.h"

typedef void (*GuestHandler)(void *userdata);

typedef struct Guest {
        Loop *loop;
        GuestHandler tell;
        void *userdata;
        char status[NOTIFY_STATUS_MAX];
        char target[NOTIFY_TARGET_MAX]; /* the last one that it has reached */
        uint64_t extended; /* CLOCK_MONOTONIC: until when it asks to be waited for in its start; 0: it does not */
        Timer rest;        /* armed: it was told just now */
        bool waits;        /* and there is news */
} Guest;

/* tell: is to send what guest_put() writes. */
void guest_init(Guest *guest, Loop *loop, GuestHandler tell, void *userdata);

/* Takes what is in the message. booting: time that is asked for is for the start. */
void guest_take(Guest *guest, const NotifyMessage *message, bool booting);

void guest_put(const Guest *guest, WireWriter *writer);

/* Tells at once what waits to be told. */
void guest_flush(Guest *guest);

/* It begins anew, and has said nothing yet. */
void guest_forget(Guest *guest);

void guest_close(Guest *guest);
