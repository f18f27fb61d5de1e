/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What ctrd tells of containers and jobs, as text in the OpenMetrics format 1.0
 * (openmetrics.io). Pure: from what was read to what is shown.
 */

#include <stdio.h>

#include "object.h"
#include "usage-list.h"

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* version: of ctrd. Failures are the stream's. */
void metrics_write(FILE *f, const char *version, const ObjectList *containers, const ObjectList *jobs, const UsageList *usage);
