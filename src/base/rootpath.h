/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Paths inside a container's root. The one way to them: nothing in a root is
 * trusted, each symlink in it is resolved within it, magic links are refused,
 * and what is found is held by descriptor and never resolved a second time
 * (LXC CVE-2015-1335, runc CVE-2019-19921, CVE-2021-30465).
 */

#include <sys/types.h>

#include "macro.h"

/* Opens a path as a process would whose root directory is root: "..", and
 * symlinks absolute and relative, stay within. flags as open(2), O_PATH and
 * O_NOFOLLOW included; close-on-exec always. mode: for O_CREAT. Returns a
 * descriptor or a negative errno (-ELOOP for a magic link). */
int rootpath_open(int root, const char *path, int flags, mode_t mode);

/* Opens a path below a directory that leads through no symlink at all, nor to one, and not
 * out of it: -ELOOP, -EXDEV. */
int rootpath_open_beneath(int dir, const char *path, int flags);

/* As rootpath_open(), and what is missing is created: parents are directories (0755),
 * the last component is of the given type: S_IFDIR, or S_IFREG for an empty
 * file, with the permission bits of mode. What exists stays as it is, of
 * whatever type. Dangling symlinks are followed, and their target created,
 * within the root. Returns an O_PATH descriptor. */
int rootpath_create(int root, const char *path, mode_t mode);

/* Opens the parent directory (created where missing if create) for an
 * operation on the last component, whose name is in *ret_name (a pointer into
 * path). -EISDIR where the path ends in "/", "." or "..". Returns O_PATH. */
int rootpath_open_parent(int root, const char *path, bool create, const char **ret_name);
