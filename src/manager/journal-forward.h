/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The guest's journal in the host's, with ForwardJournal=yes; docs/decisions/31. Between
 * the guest's journalctl and a service without privileges there is a pipe; ctrd makes it,
 * once for each boot of the guest, and is out of it.
 */

#include "unit.h"

typedef struct Container Container;

typedef struct JournalForward {
        bool found;             /* its boot was of a ctrd before us, which may have begun */
        bool begun;             /* since the guest has booted */
        UnitRequest *request;   /* the service is being stopped, or started */
        sd_event_source *timer; /* until it may be */
        int fd;                 /* the end that the guest is to write to */
        int session;            /* of the guest's journalctl */
        uint64_t since_usec;    /* CLOCK_REALTIME: what is older was forwarded before a soft reboot */
        uint64_t next_usec;     /* of the rate; it outlives runs */
} JournalForward;

#define JOURNAL_FORWARD_INIT ((JournalForward){ .fd = -EBADF, .session = -EBADF })

/* The container is ready. Where its journal is forwarded already nothing changes; what goes
 * wrong is logged. */
void journal_forward_begin(Container *container);

/* A soft reboot: when it is ready again its journal is another's to read. */
void journal_forward_renew(JournalForward *forward);

/* The run has ended, or what it had: what was not given away yet is dropped. */
void journal_forward_drop(JournalForward *forward);

/* Takes one more start, and is 0; or takes none, and is how long it has to wait. now_usec:
 * CLOCK_MONOTONIC. A guest says itself when it is ready, as often as it likes: three may
 * follow each other, and in the long run there is one in 30 s. */
uint64_t journal_forward_take(JournalForward *forward, uint64_t now_usec);
