/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one table of settings of a container, for settings.c alone. */

#include "setting-text.h"
#include "settings.h"

extern const SettingTable settings_table;
