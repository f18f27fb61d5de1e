/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What templates there are, as they say it themselves. All are asked at once, and
 * whoever asks meanwhile gets the same answer: anybody may ask, and each question
 * starts programs.
 */

#include "template.h"

typedef struct Manager Manager;
typedef struct TemplateQuery TemplateQuery;

/* infos: those that have answered, with a name; the others have none. NULL where
 * the manager ends. */
typedef void (*TemplateAnswer)(const TemplateInfo *infos, size_t n, void *userdata);

/* answer is called once, perhaps from within the call. -EBUSY with "LimitsExceeded"
 * where too many wait already. */
int template_query_join(Manager *manager, TemplateAnswer answer, void *userdata, Error *error);

/* For the manager's end. */
TemplateQuery *template_query_free(TemplateQuery *query);
