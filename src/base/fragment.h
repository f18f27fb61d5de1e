/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of settings and where they lie: what systemd calls drop-ins. */

#include "error.h"
#include "macro.h"

/* The paths of all NAME.conf in these directories, in the order of their names. Of the same
 * name in several directories the first counts, and hides the others even where it is a link to
 * /dev/null. also: a path that is among them whether it is there or not; NULL: none. */
int fragment_list(char *const *directories, const char *also, char ***ret, Error *error);

#define FRAGMENT_MAX (1024 * 1024) /* bytes */

/* A file's text. may_lack: no file is no error, and *ret is NULL. */
int fragment_read(const char *path, bool may_lack, char **ret, Error *error);
