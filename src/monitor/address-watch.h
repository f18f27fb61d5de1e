/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The addresses that the container's interfaces have, whoever gave them: told by the
 * kernel of its network namespace (rtnetlink(7)), from outside. Its processes may change
 * them as fast as they like, and have as many as they like; only the first few are told,
 * a few times a second.
 */

#include "address.h"
#include "loop.h"

#define ADDRESS_WATCH_MAX 16

typedef void (*AddressWatchHandler)(void *userdata);

typedef struct AddressWatch {
        int events;   /* -EBADF: nothing is watched */
        int requests; /* in the same namespace */
        Loop *loop;
        Source source;
        Timer rest;
        Address addresses[ADDRESS_WATCH_MAX];
        size_t n_addresses;
        AddressWatchHandler handler;
        void *userdata;
} AddressWatch;

#define ADDRESS_WATCH_INIT ((AddressWatch){ .events = -EBADF, .requests = -EBADF, .rest = TIMER_INIT })

/* Watches the network namespace of a process, which is alive if its pidfd says so after
 * this; it must not have run the payload yet, which could choose another. Addresses that
 * are of a link or of the host alone are not looked at. The handler is called from the
 * loop when there are others than before. 0 without a watch where the process has the
 * caller's own network. The caller is in no other namespace afterwards. */
int address_watch_begin(AddressWatch *watch, Loop *loop, pid_t pid, AddressWatchHandler handler, void *userdata);

/* Forgets the namespace, which lives no longer than that. No error where none is watched. */
void address_watch_end(AddressWatch *watch);

/* "10.0.0.2/24 fd00::2/64"; "" where there are none. */
#define ADDRESS_WATCH_TEXT_MAX (ADDRESS_WATCH_MAX * (ADDRESS_TEXT_MAX + 1))
const char *address_watch_text(const AddressWatch *watch, char buffer[static ADDRESS_WATCH_TEXT_MAX]);
