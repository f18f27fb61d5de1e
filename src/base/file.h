/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whole files: read them, replace them atomically, make and remove trees.
 * Paths are relative to dirfd (AT_FDCWD for the working directory). Not for
 * paths inside a container's root: those go through rootpath.h.
 */

#include <sys/types.h>

#include "macro.h"

/* Reads a file of at most max bytes; a NUL follows. -E2BIG past that. */
int file_read(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_size);

/* The same of a file that somebody else names: one that is no file, which might never
 * end or be waited for, is -EBADF. */
int file_read_regular(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_size);

/* Reads the first line, without its end. For files of the kernel and small
 * state files. */
int file_read_line(int dirfd, const char *path, char **ret);

/* Writes into an existing file, in one write(2); for kernel files. */
int file_write(int dirfd, const char *path, const char *text);

/* Replaces the file: temporary file beside it, write, fsync, rename, so that
 * a reader and a crash see the old content or the new one. */
int file_write_atomic(int dirfd, const char *path, const void *data, size_t n, mode_t mode);

/* Removes what writers that were killed have left in a directory: "NAME.PID~". For
 * a directory that nobody is writing to. */
int file_remove_temporaries(const char *path);

/* mkdir -p. Directories made get this mode; what exists is left as it is. */
int file_mkdir_parents(const char *path, mode_t mode);

/* Removes a file or a tree below dirfd, of any depth, never following a symlink,
 * never entering what is mounted there (-EXDEV; all else goes). Nothing there is
 * no error. */
int file_remove_tree(int dirfd, const char *path);

/* The names in a directory, all at once: one that grows while it is read has an end so. The
 * descriptor stays as it is; NULL in *ret where there are none. */
int file_list_directory(int fd, char ***ret);
