/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A person's editor: $VISUAL, $EDITOR, or editor, nano, vi, whatever there is first.
 */

#include "ctl.h"

/* Takes the text as it was edited. */
typedef int (*EditorSave)(Ctl *ctl, const char *text, void *userdata, Error *error);

/* Has a text edited in a file of the caller's alone, which is called NAME.conf at its end. save
 * is called where it is another one then; where it fails the file stays, and the error says
 * where. */
int editor_run(Ctl *ctl, const char *name, const char *text, EditorSave save, void *userdata, Error *error);
