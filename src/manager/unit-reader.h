/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Programs that read what comes from a container, outside of ctrd and with no right at all. */

#include "unit.h"

/* Runs one as a transient service that reads the descriptor and logs, and may do nothing
 * else; done when it runs. errnum EEXIST: there is a unit of this name. */
int unit_start_reader(UnitClient *client, const char *unit, const char *description, char *const *argv, int input, UnitDone done,
                      void *userdata, UnitRequest **ret);
