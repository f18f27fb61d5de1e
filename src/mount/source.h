/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is mounted, made detached and with the rights of the host: nobody sees it before it
 * is what it shall be.
 */

#include "guest.h"

/* A file or directory of the host, with the container's ids, nosuid and nodev. recursive:
 * with what is mounted below. Where its file system cannot be id-mapped: EOPNOTSUPP. */
int source_bind(const Guest *guest, const char *path, bool recursive, bool read_only, Error *error);

/* A node like that of the host, which is root's of the container: made in a directory of
 * the container's where nobody but us can reach it, and bound from there. */
int source_device(const Guest *guest, const char *path, const char *directory, Error *error);

/* A node that is not needed any more. */
void source_forget_device(const char *path, const char *directory);
