/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The states of a container and what moves it from one to the next. Pure: the
 * manager asks what an event leads to, and is the one writer of the result.
 */

#include "macro.h"

typedef enum ContainerState {
        CONTAINER_STOPPED,   /* not running; how the last run ended is in the exit record */
        CONTAINER_STARTING,  /* from the request to READY */
        CONTAINER_RUNNING,
        CONTAINER_FROZEN,    /* runs, but none of its processes does until it is thawed */
        CONTAINER_STOPPING,  /* a stop was asked for, or the guest says that it goes down */
        CONTAINER_REBOOTING, /* the guest asked for it; becomes running by itself */
        CONTAINER_FAILED,    /* not running: crashed, or never came up */
        CONTAINER_REMOVING,
        _CONTAINER_STATE_MAX,
        _CONTAINER_STATE_INVALID = -EINVAL,
} ContainerState;

typedef enum ContainerEvent {
        EVENT_START,  /* a start was asked for */
        EVENT_READY,  /* the guest is up */
        EVENT_STOP,   /* a stop was asked for */
        EVENT_FREEZE, /* all its processes stand still */
        EVENT_THAW,   /* they go on */
        EVENT_REBOOT, /* init ended to be started again */
        EVENT_ENDED,  /* it ended as it should */
        EVENT_FAILED, /* it ended as it should not, or did not start */
        EVENT_REMOVE,
        _CONTAINER_EVENT_MAX,
} ContainerEvent;

const char *container_state_to_string(ContainerState state);
ContainerState container_state_from_string(const char *s);

/* The state that an event leads to, or _CONTAINER_STATE_INVALID where it may
 * not happen in this state. */
ContainerState container_state_next(ContainerState state, ContainerEvent event);

/* Whether a monitor (and so a scope) belongs to this state. */
bool container_state_is_active(ContainerState state);
