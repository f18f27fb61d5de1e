/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The manager's end of a monitor's control connection.
 */

#include <systemd/sd-event.h>

#include "error.h"
#include "wire.h"

typedef struct MonitorLink MonitorLink;

/* What the guest's PID 1 says of itself. */
typedef struct GuestWords {
        const char *status; /* last STATUS=, "" */
        const char *target; /* last target of systemd's that it has reached, "" */
        uint64_t extended_usec; /* CLOCK_MONOTONIC: until when it asks to be waited for in its start; 0: it does not */
} GuestWords;

typedef struct MonitorStatus {
        MonitorPhase phase;
        pid_t leader; /* 0: none yet */
        GuestWords guest;
        const char *addresses; /* "10.0.0.2/24 fd00::2/64"; NULL from a monitor of an earlier version */
        uint64_t started_usec, ready_usec;
        bool frozen;
        bool host_stops; /* systemd has asked it to end: its scope is being stopped */
} MonitorStatus;

/* What a link tells its owner. Any of these may free the link. */
typedef struct MonitorLinkOps {
        void (*phase)(const MonitorStatus *status, bool snapshot, void *userdata);
        void (*guest)(const GuestWords *words, void *userdata);
        void (*addresses)(const char *text, void *userdata);
        /* A start that failed, with the cause; the monitor ends by itself. */
        void (*failed)(Error *error, void *userdata);
        void (*exited)(ExitReason reason, int code, uint64_t timestamp_usec, void *userdata);
        /* The connection is gone; the owner frees the link. */
        void (*closed)(void *userdata);
} MonitorLinkOps;

typedef void (*MonitorReply)(const Error *error, void *userdata);

/* Takes the descriptor. */
int monitor_link_new(sd_event *event, int fd, const MonitorLinkOps *ops, void *userdata, MonitorLink **ret);
MonitorLink *monitor_link_free(MonitorLink *link);
DEFINE_CLEANUP(MonitorLink *, monitor_link_free)

/* Sends a command with descriptors. reply may be NULL; else it is called once,
 * also when the link goes before an answer comes. The descriptors stay the
 * caller's. */
int monitor_link_send(MonitorLink *link, const WireWriter *command, const int *fds, size_t n_fds, MonitorReply reply,
                      void *userdata);

/* Nobody is told any more of what was sent with this userdata. */
void monitor_link_forget(MonitorLink *link, const void *userdata);

/* A command without parameters. */
int monitor_link_command(MonitorLink *link, const char *command);
