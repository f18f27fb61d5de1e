/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One copy of files: a tree on one side, a tar stream on the other. The same code packs
 * and unpacks inside a container, with the container's root as its root, and outside,
 * for ctrctl; neither side believes what the other sends.
 */

#include <limits.h>
#include <sys/types.h>

#include "error.h"
#include "macro.h"

typedef struct ArchiveTask {
        const char *path;  /* of the file or tree; where to, in unpacking */
        const char *name;  /* unpacking: what the tree is called, whatever the stream says; NULL: what it says */
        bool directory;    /* unpacking: path is a directory, and what comes is named below it */
        bool inside;       /* in a container, as root of it */
        bool preserve;     /* owners, set-id bits, ACLs, capabilities of files */
        bool owned;        /* unpacking, without preserve: all belongs to these */
        uid_t uid;
        gid_t gid;

        mode_t mask;       /* unpacking, without preserve: what nobody gets */
        /* unpacking: called when the place is the working directory, and nothing is read yet; or NULL */
        int (*entered)(Error *error);

        int stream;
        int control;       /* whatever happens on it means: stop; -EBADF: none */
        uint64_t bytes;    /* through the stream so far */
        uint64_t told_usec;
        uint64_t n_skipped; /* devices, sockets, and what is the host's: not copied */
        void (*progress)(uint64_t bytes, void *userdata); /* some five times a second; NULL: not wanted */
        void *userdata;
} ArchiveTask;

#define ARCHIVE_TASK_INIT ((ArchiveTask){ .stream = -EBADF, .control = -EBADF })
#define ARCHIVE_BLOCK (256 * 1024)

/* -ECANCELED with the error set where somebody wants it stopped. */
int archive_task_check(ArchiveTask *task, Error *error);

/* read(2) and write(2) of the stream, which end when the task is stopped. The number
 * of bytes, all of them in writing, or a negative errno. */
ssize_t archive_task_read(ArchiveTask *task, void *data, size_t size);
ssize_t archive_task_write(ArchiveTask *task, const void *data, size_t size);

/* What a tree is called in its archive: the last component of the path, or "." for
 * what is named by a directory's inside ("x/.", "..", "/"). */
void archive_tree_name(const char *path, char ret[static NAME_MAX + 1]);

/* Attributes by name that one side takes from the other. */
bool archive_takes_xattr(const ArchiveTask *task, const char *name);

/* Below this every path in an archive stays. */
#define ARCHIVE_PATH_MAX 4000

/* Packs task->path into the stream. A symlink that the path ends in is packed as one;
 * "x/" and "x/." follow it. */
int archive_pack(ArchiveTask *task, Error *error);

/* Unpacks the stream to task->path, as cp -r has it: an existing directory gets the
 * tree below it, what else is there is replaced by a file, what is not there is made.
 * -ENODATA where the stream is empty or ends too early. A file that cannot be written
 * to its end is not there, or is what it was. */
int archive_unpack(ArchiveTask *task, Error *error);
