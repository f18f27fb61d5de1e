/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The directories of a checkpoint: criu's images, and where its log and
 * statistics go.
 */

#include <sys/types.h>

#include "criu-options.h"
#include "error.h"
#include "macro.h"

typedef struct ImageDirectory {
        int images, work; /* work: the same as images where the options name none */
        const char *work_path;
} ImageDirectory;

#define IMAGE_DIRECTORY_INIT ((ImageDirectory){ .images = -EBADF, .work = -EBADF })

/* For a dump: both are made where they are missing (0700: memory is in there);
 * the images of --parent-path must be there. */
int image_directory_create(const CriuOptions *o, ImageDirectory *ret, Error *error);

/* For a restore: there must be a checkpoint in it. */
int image_directory_open(const CriuOptions *o, ImageDirectory *ret, Error *error);

void image_directory_close(ImageDirectory *d);

/* For a restore into a user namespace: its root reads the images, and has to be
 * let into the directory. As a group (gid: outside), for criu's images are for
 * everybody who gets as far. */
int image_directory_admit(const ImageDirectory *d, gid_t gid, Error *error);

/* How much is in the images. */
uint64_t image_directory_size(const ImageDirectory *d);

/* Puts the reason that criu's log gives in place of what criu answered, and says
 * where the log is. what: "checkpointing container x". Returns the errno. */
int image_directory_explain(const ImageDirectory *d, const char *log, const char *what, Error *error);
