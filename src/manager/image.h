/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An image: a root file system made by a template, kept read-only below
 * /var/lib/ctrd/images/ID, shared by all containers that were created from it.
 */

#include "error.h"
#include "macro.h"

typedef struct Image {
        char *id;
        char *template; /* or NULL */
        char *variant;  /* or NULL */
        char *os_name;
        uint64_t created_usec;
        uint64_t size; /* bytes on disk when it was made */

        char **facts; /* what the template said of it: KEY=VALUE, without META_ */

        /* As the template said; where it said nothing, as the root looks. */
        char *init_path; /* NULL: there is none */
        int stop_signal;
        bool notifies;
        char *machine_id; /* the image's own, or NULL */
} Image;

Image *image_free(Image *image);
DEFINE_CLEANUP(Image *, image_free)

/* Reads image.json and looks into the root. */
int image_load(const char *id, Image **ret, Error *error);

/* A fact that a template told, "INIT=/sbin/init". Facts are at most
 * IMAGE_FACTS_MAX; -EINVAL for what is none. */
#define IMAGE_FACTS_MAX 32
int image_add_fact(Image *image, const char *fact);
const char *image_fact(const Image *image, const char *key);

/* Writes image.json into DIR, an image in the making. */
int image_write(const char *dir, const Image *image, Error *error);

