/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Links in the host's journal directory to the journals of containers, by machine id, so
 * that "journalctl --merge" and "journalctl -D" on the host find them. Without a
 * persistent journal on the host there are none.
 */

#include "identity.h"
#include "manager.h"

void journal_link_make(const char *name, const Identity *identity);
void journal_link_remove(const char *name, const Identity *identity);

/* At ctrd's start: each container has its link, and those of others are gone. */
void journal_links_restore(Manager *manager);
