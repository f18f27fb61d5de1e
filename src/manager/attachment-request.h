/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One thing more or less that a container is given, as a change of its settings; see
 * attachment.h.
 */

#include "attachment.h"
#include "settings-change.h"

/* Of a running container, until it stops; with permanent of its settings too, or of them
 * alone where it does not run. value: one, as in a file. Changes nothing. */
int attachment_request_add(const Container *container, AttachmentKind kind, const char *value, bool permanent, SettingsRequest *ret,
                           Error *error);

/* target: path inside, or the name of a credential. */
int attachment_request_remove(const Container *container, const char *target, bool permanent, SettingsRequest *ret, Error *error);
