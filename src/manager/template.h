/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Templates: programs that make root file systems. templates/README.md is their
 * contract.
 */

#include "error.h"
#include "macro.h"

typedef struct TemplateInfo {
        char *name;
        char *description;
        char *default_variant;
        char **variants;
        bool network; /* whether a build needs it */
} TemplateInfo;

void template_info_clear(TemplateInfo *info);

/* The path of a template's program. -ENOENT with "NoSuchTemplate" and a sentence
 * that names those there are. */
int template_find(const char *name, char **ret_path, Error *error);

/* Names of all templates, sorted. */
int template_list(char ***ret);

/* Reads what "TEMPLATE describe" printed. */
int template_parse_description(const char *name, const char *text, TemplateInfo *ret);

/* Asks a template what it is; its time for that is TEMPLATE_DESCRIBE_USEC. */
#define TEMPLATE_DESCRIBE_USEC (5 * USEC_PER_SEC)

/* The id of the image that a template and variant make: "debian-bookworm". */
char *template_image_id(const char *template, const char *variant);
