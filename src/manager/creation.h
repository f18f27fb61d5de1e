/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A container that is being made: of an image, container-create.c, or of another
 * container, container-clone.c.
 */

#include "build.h"
#include "container.h"
#include "lines.h"
#include "manager.h"

#define MACHINE_ID_MAX 33

typedef struct Creation {
        Manager *manager;
        char *name;
        Settings *settings; /* of a clone all of them, else its own: without its profiles' */
        SettingsEdit edit;  /* its files; with none they are made of the settings */
        bool may_be_privileged;
        char *client; /* with which it goes, see bond.h; or NULL */
        char machine_id[MACHINE_ID_MAX]; /* "": not yet chosen */
        Job *job;
        BuildWaiter *build; /* its image is being made */

        /* Of a clone. */
        Container *source;
        UnitRequest *copy; /* is at work, or awaited to be gone */
        LineReader *output, *log;
        char *last_line; /* of its standard error */
        bool canceled, failed;
} Creation;

/* Checks that there is room for it, and that the name is free. */
int creation_new(Manager *manager, const char *name, Job *job, Creation **ret, Error *error);
Creation *creation_free(Creation *creation);

/* The job ends with it. */
void creation_finish(Creation *creation, const Error *error);

int creation_choose_machine_id(Creation *creation, const Image *image);

/* Its directory, under the name that it has until it is whole, with nothing in it. */
int creation_make_directory(Creation *creation, Error *error);
void creation_discard_directory(Creation *creation);

/* The rest, up to the point at which it exists and all have been told. On failure
 * nothing is left. */
int creation_commit(Creation *creation, const Image *image, Error *error);
