/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a container's processes are confined by, beyond the bundle's own means: its
 * AppArmor profile, from the setting to a label that the kernel knows.
 *
 * A generated profile stays in the kernel until its container is removed, so that
 * only the first start of a boot, and one after a change, waits for it. The policy
 * namespace is as old as the run.
 */

#include <systemd/sd-event.h>

#include "apparmor-profile.h"
#include "error.h"
#include "settings.h"

/* The label that a start would give, in the buffer or of the settings; NULL: none.
 * Nothing is made, and nobody is asked whether a profile of the settings is loaded. */
const char *confinement_label(const char *container, const Settings *settings, char buffer[static APPARMOR_LABEL_MAX]);

/* The label for the processes of a container that is to be started, in *ret: NULL
 * where it has none. For a generated profile its text is written and the namespace
 * made: then confinement_load() has to come before the label is used. On failure
 * there is nothing to undo. */
int confinement_prepare(const char *container, const Settings *settings, char **ret, Error *error);

/* A profile that is being loaded. */
typedef struct ConfinementLoad ConfinementLoad;

/* error: NULL where it is loaded. */
typedef void (*ConfinementDone)(const Error *error, void *userdata);

/* Loads what was prepared, in a process of its own. Returns 0 where nothing is to
 * be loaded: it is no profile of ours, or is in the kernel as it is. Else 1, and
 * done is called once, never from within this call, unless the load is freed before. */
int confinement_load(sd_event *event, const char *container, const char *label, ConfinementDone done, void *userdata,
                     ConfinementLoad **ret, Error *error);
ConfinementLoad *confinement_load_free(ConfinementLoad *load);

/* After the end of a run. */
int confinement_end(const char *container);

/* The administrator's rules of one name become another's, whose container's profile is
 * made anew. What has gone there already is no error. */
int confinement_rename(const char *from, const char *to, Error *error);

/* Before the container is removed or renamed: nothing of it is left in the kernel. */
int confinement_remove(const char *container);
