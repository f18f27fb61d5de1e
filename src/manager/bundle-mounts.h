/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The mounts of a bundle: what every system container has, then those of the
 * settings.
 */

#include <jansson.h>

#include "bundle.h"

int bundle_mounts(const Launch *launch, json_t **ret);

/* Puts what other settings say in place of Bind=, BindReadOnly= and TemporaryFileSystem=
 * of before, in mounts that bundle_mounts() has made. */
int bundle_replace_attachments(json_t *mounts, const Settings *before, const Settings *after, bool user_namespace);
