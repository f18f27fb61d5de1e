/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What of this host containers need, as far as anybody can see it; some only root can.
 * Nothing is changed, and what is tried for it leaves nothing.
 */

#include "ctl.h"
#include "finding.h"

void host_check(Ctl *ctl, FindingList *l);
