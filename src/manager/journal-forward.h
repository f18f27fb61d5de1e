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
        UnitRequest *request; /* the service is being started */
        int fd;               /* the end that the guest is to write to */
        uint64_t since_usec;  /* CLOCK_REALTIME: what is older was forwarded before a soft reboot */
} JournalForward;

#define JOURNAL_FORWARD_INIT ((JournalForward){ .fd = -EBADF })

/* The container is ready. Where its journal is forwarded already, by a ctrd before us,
 * nothing changes; what goes wrong is logged. */
void journal_forward_begin(Container *container);

/* The run has ended, or what it had: what was not given away yet is dropped. */
void journal_forward_drop(JournalForward *forward);
