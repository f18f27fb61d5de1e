/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Jobs that had not ended when the ctrd that had begun them did. What goes on by itself,
 * with a container's monitor, they follow; what had been asked for and not been done
 * is done now, for a start and a stop can be asked for twice; what was undone, as creations
 * are, is canceled.
 */

typedef struct Manager Manager;

/* When it is known what runs. */
void job_survivors_settle(Manager *manager);
