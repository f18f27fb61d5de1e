/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A person's editor: $VISUAL, $EDITOR, or editor, nano, vi, whatever there is first.
 */

#include "error.h"

/* Has a text edited in a file of the caller's alone, which has this name at the end of its
 * own. *ret_path: the file, for the caller to remove. */
int editor_run(const char *text, const char *name, char **ret_text, char **ret_path, Error *error);
