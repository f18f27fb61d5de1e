/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is started when ctrd comes up for the first time after a boot of the host:
 * Autostart=.
 *
 * systemd is asked for the start of each, so that what comes After= has something to wait
 * for; not for all at once, but for each after those that it comes after.
 */

typedef struct Manager Manager;
typedef struct Boot Boot;

/* Begins where this boot has not been seen to, or not to its end. */
void boot_begin(Manager *manager);

/* For the manager's end. */
Boot *boot_free(Boot *boot);
