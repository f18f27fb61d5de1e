/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The making of an image: a template runs as a transient service of systemd,
 * behind the walls that templates/README.md names, into a directory beside the
 * images; when it has ended well the directory is renamed into place.
 */

#include "error.h"
#include "job.h"

typedef struct Build Build;
typedef struct BuildWaiter BuildWaiter;
typedef struct Image Image;

/* image: NULL where it failed; then error is set. */
typedef void (*BuildDone)(Image *image, const Error *error, void *userdata);

/* Makes the image TEMPLATE-VARIANT; where it exists already, that is the result,
 * and where it is being made, this joins. TemplateBuildsMax= of them run at a time. variant:
 * NULL for the template's default. job shows the progress, and that it waits for its turn. */
int build_image(Manager *manager, const char *template, const char *variant, Job *job, BuildDone done, void *userdata,
                BuildWaiter **ret, Error *error);

/* No longer interested: done is not called any more. When nobody waits, the
 * build is stopped and undone. */
BuildWaiter *build_waiter_drop(BuildWaiter *waiter);

/* For the manager's end. */
Build *build_free(Build *build);

/* Removes what a ctrd that was killed had half made, and stops its templates. */
void build_clean(Manager *manager);
