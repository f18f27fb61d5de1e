/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An image: a root file system made by a template, kept read-only below
 * /var/lib/ctrd/images/ID, shared by all containers that were created from it.
 */

#include "error.h"
#include "macro.h"

/* Which init a root holds: how it is told to stop, whether it says READY. */
typedef enum InitKind {
        INIT_NONE,
        INIT_SYSTEMD,
        INIT_BUSYBOX,
        INIT_OPENRC,
        INIT_SYSV, /* any other */
        _INIT_KIND_MAX,
        _INIT_KIND_INVALID = -EINVAL,
} InitKind;

const char *init_kind_to_string(InitKind kind);
int init_kind_stop_signal(InitKind kind);
bool init_kind_notifies(InitKind kind);

typedef struct Image {
        char *id;
        char *template; /* or NULL */
        char *variant;  /* or NULL */
        char *os_name;
        uint64_t created_usec;
        uint64_t size; /* bytes on disk when it was made */

        InitKind init; /* found in the root when it was loaded */
        char *init_path;
        char *machine_id; /* the image's own, or NULL */
} Image;

Image *image_free(Image *image);
DEFINE_CLEANUP(Image *, image_free)

/* Reads image.json and looks into the root. */
int image_load(const char *id, Image **ret, Error *error);

/* Writes image.json into DIR, an image in the making. */
int image_write(const char *dir, const Image *image, Error *error);

