/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The notify socket: what the container's PID 1 says of itself (sd_notify(3),
 * systemd's Container Interface). Anybody in the container can write to it;
 * only PID 1 is believed, known by the credentials that the kernel attaches.
 */

#include <sys/types.h>

#include "loop.h"

#define NOTIFY_STATUS_MAX 256
#define NOTIFY_TARGET_MAX 64

typedef struct NotifyMessage {
        bool ready;
        bool stopping;
        bool reloading;
        bool has_status;
        char status[NOTIFY_STATUS_MAX]; /* printable UTF-8 */
        char shutdown[16];              /* X_SYSTEMD_SHUTDOWN=, "" where there is none */
        char target[NOTIFY_TARGET_MAX]; /* X_SYSTEMD_UNIT_ACTIVE=, the name of a target; "" where there is none */
        uint64_t extend;                /* EXTEND_TIMEOUT_USEC=; 0 where there is none */
} NotifyMessage;

typedef struct Notify Notify;
typedef void (*NotifyHandler)(void *userdata, const NotifyMessage *message);

struct Notify {
        int fd;
        char *path;
        Source source;
        pid_t leader; /* whom to believe; 0: nobody */
        NotifyHandler handler;
        void *userdata;
};

#define NOTIFY_INIT ((Notify){ .fd = -EBADF })

/* Reads a datagram of n bytes. Lines that are not known are ignored. Text is
 * cut at a character's border and stripped of what could confuse a terminal or
 * a log: control characters and what is not UTF-8. */
void notify_parse(const char *data, size_t n, NotifyMessage *ret);

int notify_open(Notify *notify, Loop *loop, const char *path, NotifyHandler handler, void *userdata);

/* Reads what has arrived. Before the end of PID 1 is acted on, its last words. */
void notify_collect(Notify *notify);

/* Closes and removes the socket. */
void notify_close(Notify *notify);
