/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Properties for programs: a line NAME=VALUE each, or one object with --json.
 */

#include "ctl.h"
#include "object.h"

typedef struct Show {
        const char *what; /* what has them, for errors: "A container" */
        char **wanted;    /* properties; empty: all */
        bool value_only;
} Show;

bool show_is_wanted(const Show *s, const char *name);

/* One line, whatever it holds: part of it comes from containers. */
void show_value(const char *text);

/* Reads an object's properties and prints those that are wanted. */
int show_object(Ctl *ctl, const Show *s, const char *path, const char *interface, Error *error);

/* One that was read as JSON. */
int show_json(const Ctl *ctl, const Show *s, const Object *o, Error *error);
