/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * LinkJournal=guest: a link in the host's journal directory to the journal of a container,
 * by machine id, so that "journalctl --merge" and "journalctl -D" on the host find it.
 * Without a persistent journal on the host there is none. Whoever follows it follows what
 * the container has put there, other links too: by default there is none either.
 */

#include "identity.h"
#include "manager.h"

/* As the settings say now. */
void journal_link_update(const Container *container);
void journal_link_remove(const char *name, const Identity *identity);

/* At ctrd's start: each container has its link, and those of others are gone. */
void journal_links_restore(Manager *manager);
