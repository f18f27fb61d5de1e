/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What of the host, as ctrd sees it, is not as it should be: what is left of containers
 * that are not there, ids that somebody else has too. Nothing is changed.
 */

#include "finding.h"
#include "manager.h"

void diagnose(Manager *manager, FindingList *l);
