/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What ctrd and ctr-archive say to each other on the worker's control connection, in
 * the form of wire.h. ctrd sends one request:
 *
 *   DIRECTION=in or out, NAME=…, PATH=… (absolute)
 *   LEADER=…               pid of a container that runs; without, a second descriptor
 *                          comes: a memfd with the plan (docs/architecture.md)
 *   UID=…, GID=…           in: owner of what is made
 *   PRESERVE=yes           owners and all else as it was
 *   DIRECTORY=yes          in: PATH is a directory, whatever comes goes below it
 *   LEASE=yes              the last descriptor is a lease, held until the worker has ended
 *
 * with the stream as its first descriptor: a pipe or a stream socket. The worker answers with EVENT=progress and
 * BYTES=…, and last EVENT=done (BYTES=…, SKIPPED=…), or EVENT=failed with ERRNO=…, MESSAGE=… and
 * ERROR=… where the error has a name. Whatever else ctrd sends, and the end of the connection, stops it.
 */

#define ARCHIVE_MESSAGE_MAX 8192
/* From the stop to the kill, in which it removes what it has half written. */
#define ARCHIVE_GRACE_SEC 2
